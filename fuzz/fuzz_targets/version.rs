//! No text breaks the reader of versions, and their order is an order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mokapot::formats::deb::Version;

fuzz_target!(|texts: (&str, &str, &str)| {
    let (Ok(a), Ok(b), Ok(c)) = (texts.0.parse::<Version>(), texts.1.parse::<Version>(), texts.2.parse::<Version>())
    else {
        return;
    };
    assert_eq!(a.as_str().parse(), Ok(a.clone()));
    assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
    if a <= b && b <= c {
        assert!(a <= c);
    }
});
