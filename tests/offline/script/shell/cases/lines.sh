## words, quotes, escapes
args a b c
args "a b" 'c d' e\ f
args "" '' a""b
args 'a"b' "a'b" a\"b a\'b
args "a\$b" "a\`b" "a\\b" "a\qb"
args 'a\b' a\\b a\b
args "$(echo a b)" $(echo a b)
args `echo a b` "`echo a b`"
args `echo \`echo x\`` `echo \$HOME` "`echo \"a b\"`"
args "`echo '$HOME'`" `echo '\$HOME'` `echo '\\$HOME'`
args $(echo "a)b") $(echo 'a)b') $(echo a\)b)
args $(case x in x) echo yes;; esac) $(case x in (x) echo paren;; esac)
args $(echo $(echo $(echo deep)))
args "$(echo "$(echo "a  b")")"
args $(echo a; echo b) "$(echo a; echo b)"
args "$(printf 'a\n\n\n')" "$(printf '\n\na')"
args ~ ~/x a~ "~" '~' \~ x=~ ~:~
args ~root ~nosuchuser ~nosuchuser/x
x=~; args "$x"; x=~/a:~/b; args "$x"; x=a:~; args "$x"; x="~"; args $x
args a#b #comment
args a \#b "#c"
args $'a' "$'a'"
args $ a$ "$" "a$" $"a"
args a{b,c} {a..c}
args ! { } if fi
args a=b c=d
args -- -n
args "a
args 'x y'z"w v"
args x"$HOME"y $HOME"$HOME"
## parameters
args $1 $2 $3 "$2" ${1} ${2} "${2}"
args $# ${#} $0 "$0"
args "$@" "$*"
args $@ $*
args x"$@"y x"$*"y
args "$@$@" "a $@ b"
set --; args "$@"; args "$*"; args $@; args $*; args x"$@"y; args "$@"""
set --; args "${@}" ""$@ "$@"'' "x$@"
set -- '' a ''; args "$@"; args $@; args $*; args "$*"
set -- a 'b c' d; for i do args "$i"; done; for i in "$@"; do args $i; done
set -- a b c d e f g h i j k; args $10 ${10} ${11} ${12}
IFS=:; set -- a b c; args "$*" $* "$@" $@
IFS=; set -- a b c; args "$*" $* "$@" $@
unset IFS; set -- a b c; args "$*" $*
IFS=xy; set -- a b; args "$*"
x=$*; args "$x"; x=$@; args "$x"; x="$*"; args "$x"; x="$@"; args "$x"
IFS=:; x=$*; args "$x"; x=$@; args "$x"; x="$*"; args "$x"; x="$@"; args "$x"
IFS=; x=$*; args "$x"; x=$@; args "$x"; x="$*"; args "$x"; x="$@"; args "$x"
x=5; args ${#x} ${#} ${#1} ${#2} "${#2}"
x=; args ${#x} ${#nosuch}
args ${#@} ${#*}
args ${x:-d} ${x-d} "${x:-d e}" ${x:-d e}
x=; args ${x:-d} ${x-d} "${x-d}"
x=v; args ${x:-d} ${x-d} ${x:+a} ${x+a} ${y:+a} ${y+a}
x=; args ${x:+a} ${x+a} "${x:+a}" "${x+a b}" ${x+a b}
args ${x:=d e} "$x"; args ${y=f}; args "$y"
x=; args ${x=d} "${x:=e}" "$x"
args ${x:-"a b"} "${x:-"a b"}" ${x:-'a b'} "${x:-'a b'}"
args ${x:-a "b c" d} "${x:-a "b c" d}"
args ${x:-$1} ${x:-"$2"} "${x:-$2}" ${x:-$2}
args ${x:-${y:-z}} ${x:-$(echo a b)} ${x:-`echo c`}
args ${x:-~} "${x:-~}" ${x:-~/a} ${x:-a~}
args ${x:-a}b} "${x:-a\}b}" ${x:-a\}b} ${x:-"a}b"} ${x:-'a}b'}
args ${x:-a;b|c&d>e} ${x:-(a)}
args ${x:-*} ${x:-\*}
args "${x:-\$}" "${x:-\"}" "${x:-\a}" "${x:-\\}"
args ${x:-\$} ${x:-\"} ${x:-\a} ${x:-\\}
args "${x-"$@"}" ${x-"$@"} ${x-$@}
args "${1+"$@"}" ${1+"$@"}
set --; args "${1+"$@"}" ${1+"$@"} ${@:-none} "${@-none}" ${@+some}
x=a.b.c; args ${x#*.} ${x##*.} ${x%.*} ${x%%.*}
x=/usr/lib/foo.so.1; args ${x##*/} ${x%/*} "${x%.so*}" ${x#/}
x=aaa; args ${x#a} ${x##a} ${x%a} ${x%%a*} ${x#a*} ${x##a*}
x='a*b'; args "${x#*"*"}" "${x#*\*}" "${x#'a*'}" ${x%'*b'}
x='a b c'; args ${x#a } "${x#a }" "${x% c}" "${x#* }" "${x##* }"
x=abc; y='a*'; args ${x#$y} ${x#"$y"} ${x##$y}
x=abc; args ${x#[ab]} ${x#[!a]} ${x%[a-c]} ${x#?} ${x%??} ${x#[[:alpha:]]} ${x#[[:digit:]]}
x='}'; args ${x#\}} "${x#\}}" "${x#'}'}"
x="a'b"; args "${x#a\'}" "${x#*"'"}"
x=foo; args ${x%"o"} "${x%"o"}" "${x%'o'}" ${x%$(echo o)}
x=a/b/c; args ${x%${x#?}} ${x#"${x%/*}"}
x='\a'; args "$x" $x ${x#\\} "${x#\\}"
echo ${x?} ; echo not reached
echo ${x:?} ; echo not reached
echo ${x:?message here} ; echo not reached
echo ${x:?"quoted  message"}
x=; echo ${x?fine}; echo ${x:?bad}
(echo ${x:?sub}); echo after $?
echo $(echo ${x:?sub}); echo after $?
set -u; echo $x; echo not reached
set -u; echo ${x-d} ${x:-d} ${x+d} "$@" $*; echo $#
set -u; (echo ${#x}); echo $?; (echo ${x#a}); echo $?; (echo $1); (echo $9); echo $?
set -u; set --; echo "$@" $* ${@-d}; (echo $1); echo $?
set -u; echo $((nosuch)); echo not reached
echo ${x!y}; echo no
echo ${}; echo no
(echo ${x/a/b}); echo $?
(echo ${x:1:2}) ; echo $?
echo ${x:+${x:?no}} ok
echo $$ | (read p; test "$p" -gt 1 && echo pid)
echo "$?" ; false; echo $?; (exit 3); echo $? ${?}
echo "$!" "${!-none}"
echo "$-"; set -e; echo "$-"; set -uf; echo "$-"
x=1 y=2; echo $x$y; x=$y y=$x; echo $x$y
x=a; x=$x$x; echo $x; x=${x}b; echo ${x}c $xc
## field splitting
x=' a  b '; args $x; args "$x"; args x${x}y
x='a:b:c'; IFS=:; args $x "$x"
IFS=:; x='a::b:'; args $x; x=':a'; args $x; x=':'; args $x; x='::'; args $x
IFS=': '; x='a : b:c  d: :e'; args $x
IFS=' :'; x=' :a: :b: '; args $x
IFS=,; x='a, b ,c'; args $x; args ${x}
IFS=ab; x=1a2b3; args $x
IFS='\'; x='a\b'; args $x
IFS=; x='a b'; args $x
unset IFS; x='a b'; args $x
IFS=' 	'; x='a b	c'; args $x
IFS=:; args a:b "a:b" $(echo a:b)
IFS=:; x=a:b; args $x$x x$x"y:z"
IFS=1; args $((11011)) $((212))
x='a  b'; args $x"" ""$x "$x"$x
x=''; args $x; args "$x"; args $x$x; args x$x; args $x""
x=' '; args $x; args a${x}b; args a"${x}"b
x='*'; set -f; args $x *; set +f
x="a b"; y=$x; args "$y"; args ${x}c${x}
IFS=:; x=a:b; case $x in a:b) echo whole;; esac; for i in $x; do echo $i; done
IFS=-; echo $-x $(echo a-b)
IFS=x; v=axbxc; set -- $v; echo $# "$@"
IFS=: read a b c; echo "$IFS" | args
## pathnames
>b; >a; >.h; args *; args .*; args [ab]; args ?; args [!a]; args x*
mkdir d; >d/f; >d/g; args */*; args d/*; args */; args ./d/*; args d/?; args */h
>'a b'; >'c*'; args *; args "a"*; args 'c*'; args c\*; args "*"
>a; x='*'; args $x "$x" \*; x='\*'; args $x "$x"
>a; >'\a'; args \\*; x='\a'; args $x; x='\\*'; args $x
>ab; >ac; args a[bc] a[!b] a[b-c] a[]b] a[ a[b "a"[b]
mkdir -p x 2>/dev/null; args * ; args nosuch/* /nosuch*
>1; >2; >a; args [0-9] [[:digit:]] [[:alpha:]] [^a]
>A; >a; >B; >b; args [a-b] [A-B] *
>f; args f* | args; for i in f* g*; do echo $i; done
>f; x=f*; echo $x "$x"; y=$x; args "$y"; case f in $x) echo m;; esac
>f; echo hi > f*; args *
>.a; >..b; args .* ; args .[!.]* ; args ..?*
set -f; >f; args *; set +f; args *
## arithmetic
args $((1+2)) $((2*3+4)) $((2+3*4)) $(((2+3)*4)) $((7/2)) $((7%3)) $((-7/2)) $((-7%3))
args $((1<2)) $((2<=2)) $((3>4)) $((4>=4)) $((1==1)) $((1!=1))
args $((1&&0)) $((1||0)) $((!1)) $((!0)) $((~5)) $((5&3)) $((5|3)) $((5^3))
args $((1<<4)) $((256>>4)) $((-1>>1)) $((1?2:3)) $((0?2:3)) $((0?1:0?2:3))
x=5; args $((x)) $(($x)) $((x+1)) $((x=7)) $x $((x+=2)) $((x-=1)) $((x*=3)) $((x/=2)) $((x%=7)) $x
x=5; args $((x<<=2)) $((x>>=1)) $((x&=6)) $((x|=1)) $((x^=15)) $x
args $((0x1f)) $((010)) $((0)) $((00)) $((0X10)) $((1 + 2)) $(( 3 ))
args $((1,2)); echo $?
args $((x=1+2)) $x $((y=x=5)) $x$y
args $((9223372036854775807)) $((9223372036854775807+1)) $((-9223372036854775807-1))
x=' 3 '; args $((x+1)); x=; args $((x)) $((x+1)); args $((nosuch+1))
x=-3; args $((x)) $((-x)) $((- -x)) $((+x)) $((x - -1)) $((1 - -1))
x=0x10; args $((x)) $((x+1)); x=010; args $((x))
args $((1+)) ; echo no
args $((1/0)); echo no
args $((08)); echo no
args $((1 2)); echo no
x=abc; args $((x)); echo no
(args $((1+))); echo $?
args $((a=1,b=2)); echo $?
args $((0||1&&0)) $((1|2&3)) $((1+2<<1)) $((2-1-1)) $((100/10/5)) $((2*3%4))
args $((1&&(x=5))) $x $((0&&(y=5))) [$y] $((1||(z=5))) [$z]
args $((0&&1/0)) $((1||1/0)) $((1?2:1/0))
args "$((1+1))" x$((1+1))y "$(( $1 1 ))"; echo no
x=3; args $(( $x * $(echo 4) )) $((${x}+1)) $((`echo 5`+1)) "$(( "3" + 1 ))"
args $((1)) $(( (1) )) $((((1)))) $( (echo sub) )
args $((echo a) ; echo b)
i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo $i; done
x=1; echo $((x==1)) $((x =1)) $((x== 1))
x=2; echo $((x*x)) $((-x*x)) $((!x)) $((~x)) $((x?x:0))
## patterns in case
case abc in a*) echo 1;; *) echo 2;; esac
case abc in "a*") echo 1;; a\*) echo 2;; *) echo 3;; esac
case 'a*' in "a*") echo 1;; esac; case 'a*' in a\*) echo 2;; esac
x='a*'; case abc in $x) echo 1;; esac; case abc in "$x") echo 2;; *) echo 3;; esac
case a in a|b) echo 1;; esac; case b in a | b ) echo 2;; esac; case c in (a|c) echo 3;; esac
case a in [a-c]) echo 1;; esac; case d in [!a-c]) echo 2;; esac; case - in [a-]) echo 3;; esac; case ] in []]) echo 4;; esac
case b in [^a]) echo 1;; *) echo 2;; esac; case ^ in [^a]) echo 3;; *) echo 4;; esac
case ab in [[:alpha:]][[:alpha:]]) echo 1;; esac; case 1a in [[:digit:]]*) echo 2;; esac; case ' ' in [[:space:]]) echo 3;; esac
case a in [[:nosuch:]]) echo 1;; *) echo 2;; esac
case '[' in [) echo 1;; *) echo 2;; esac; case 'a[' in a[) echo 3;; esac; case '[a' in [a) echo 4;; esac
case '\' in \\) echo 1;; esac; case '\' in '\') echo 2;; esac; case 'a\b' in a\\b) echo 3;; esac
case '' in '') echo 1;; esac; case '' in *) echo 2;; esac; case '' in ?) echo 3;; *) echo 4;; esac
case "$2" in two*) echo 1;; esac; case $2 in 'two words') echo 2;; esac; case $2 in two\ words) echo 3;; esac
case a/b in a*b) echo 1;; esac; case a/b in a?b) echo 2;; esac; case .a in *a) echo 3;; esac
case x in esac; echo $?; case x in y) false;; esac; echo $?; case x in x) ;; esac; echo $?
case x in x) false;; esac; echo $?; false; case x in x) ;; esac; echo $?; false; case y in x) ;; esac; echo $?
case $(echo a; false) in a) echo $?;; esac
x='[ab]'; case a in $x) echo 1;; esac; case '[ab]' in "$x") echo 2;; esac
x='\*'; case '*' in $x) echo 1;; *) echo 2;; esac; case a in $x) echo 3;; *) echo 4;; esac
x='a b'; case "a b" in $x) echo 1;; esac; case a in $x) echo 2;; *) echo 3;; esac
case ~ in /home/me) echo 1;; esac; case /home/me in ~) echo 2;; esac
case a in a) echo 1 ;; a) echo 2 ;; esac
case a in b) echo 1;; *) case c in c) echo in;; esac;; esac
case in in in) echo in;; esac; case esac in (esac) echo esac;; esac
case a in ( a ) echo 1;; esac; case a in a) echo 1; esac
case aXb in a[A-Z]b) echo 1;; esac; case a-b in a[+--]b) echo 2;; esac
## control flow
if true; then echo 1; else echo 2; fi; if false; then echo 1; else echo 2; fi
if false; then echo 1; elif true; then echo 2; else echo 3; fi; echo $?
if false; then echo 1; fi; echo $?; if true; then false; fi; echo $?
if true; false; then echo 1; else echo 2; fi
while false; do echo x; done; echo $?; until true; do echo x; done; echo $?
for i in 1 2 3; do echo $i; if [ $i = 2 ]; then break; fi; done; echo $i $?
for i in 1 2 3; do if [ $i = 2 ]; then continue; fi; echo $i; done
for i in a b; do for j in 1 2; do if [ $j = 2 ]; then continue 2; fi; echo $i$j; done; done
for i in a b; do for j in 1 2; do break 2; done; echo no; done; echo $i$j
for i in a b; do for j in 1 2; do break 5; done; echo no; done; echo $i$j
for i in; do echo x; done; echo $?; for i in a b; do false; done; echo $?
for i in a b; do (exit 3); done; echo $?; for i; do echo $i; done
i=0; until [ $i = 3 ]; do i=$((i+1)); [ $i = 2 ] && continue; echo $i; done
while :; do break; done; echo $?; while true; do false; break; done; echo $?
while :; do while :; do break 2; done; done; echo out
for i in 1 2; do while read x; do echo $i$x; break; done; done <<E
break; echo $?; continue; echo $?
break 0; echo $?
for i in 1; do break x; done; echo $?
true && echo 1; false && echo 2; true || echo 3; false || echo 4; echo $?
false && true || echo a; true || false && echo b; true && false || true && echo c
! true; echo $?; ! false; echo $?; ! ! true; echo $?
! echo a | false; echo $?; ! { false; }; echo $?
{ echo a; echo b; }; (echo c; echo d); { echo e; } | cat; echo f | { cat; }
(x=1; echo $x); echo [$x]; { x=1; }; echo [$x]; (exit 4); echo $?
(cd /; pwd); x=1; (x=2; (x=3; echo $x); echo $x); echo $x
if (exit 0) then echo a; fi; while (false) do :; done; { (echo b) }
if true; then :; fi && echo ok; for i in 1; do :; done && echo ok
echo a & wait; echo $?; (exit 3) & wait $!; echo $?; wait 99999; echo $?
x=1 & wait; echo [$x]; { echo a; echo b; } & wait
true | false; echo $?; false | true; echo $?; exit 3 | exit 4; echo $?
echo a | cat | cat; echo a b | { read x y; echo $y $x; }; echo $x
echo a | (read x; echo $x; x=2); echo [$x]; cat </dev/null | cat; echo $?
x=1; echo a | x=2; echo $x; echo a | read y; echo [$y]
## functions
f() { echo $1 $#; }; f a b; f; echo $1; f "x y"
f() { return 3; echo no; }; f; echo $?; f() { false; return; }; f; echo $?
f() { local x=1; echo $x; }; x=0; f; echo $x; f() { x=2; }; f; echo $x
f() { local x; echo [$x]; x=3; g; }; g() { echo $x; x=4; }; x=1; f; echo $x
f() { local x y=2 z; x=1; echo $x $y $z; }; z=9; f; echo $x $y $z
f() { local x="$1" y=$2; args "$x" "$y"; }; f "a b" "c d"
local x; echo no
f() (x=5; exit 4); f; echo $? [$x]
f() { f2() { echo in $1; }; f2 x; }; f; f2 y
f() { echo a; }; f() { echo b; }; f; unset -f f; f; echo $?
f() { echo out; } >file; f; cat file
f() { while :; do return 5; done; }; f; echo $?; f() { for i in 1 2; do return; done; }; false; f; echo $?
f() { set -- x y; echo $#; }; f a; echo $#; f() { shift; echo $1; }; f a b; echo $1
f() { break; echo after; }; for i in 1 2; do f; echo $i; done
f() { echo $0; }; f; f() { [ $1 = 0 ] || { echo $1; f $(($1-1)); }; }; f 3
x=1; f() { echo $x; x=3; }; x=2 f; echo $x; x=2 eval 'echo $x'; echo $x
f() { echo $x; }; x=5 f; echo [$x]; x=6 status 0; echo [$x]
echo() { printf '%s\n' "fn $*"; }; echo a; unset -f echo; echo b
f() if true; then echo if; fi; f; g() for i in 1 2; do echo $i; done; g
f() { unset x; echo [$x]; }; x=1; f; echo [$x]; f() { local x=2; unset x; echo [$x]; }; x=1; f; echo [$x]
f() { local x=1; export x; args $(echo $x); }; f; f() { readonly x=1; }; f; x=2; echo no
f() { local IFS=:; x=a:b; args $x; }; f; args $x
f() { trap 'echo t' EXIT; }; f; echo end
f () { echo spaced; } ; f; f	( )	{ echo tabbed; }; f
f() { return 255; }; f; echo $?; f() { return -1; }; f; echo $?
## errexit
set -e; false; echo no
set -e; true; false || true; echo 1; false && true; echo 2; ! true; echo 3; if false; then :; fi; echo 4; while false; do :; done; echo 5; false | true; echo 6; (false); echo no
set -e; x=$(false); echo no
set -e; echo $(false); echo yes; x=a$(false)b; echo no
set -e; f() { false; echo in; }; f || echo or; f && echo and; if f; then echo if; fi; f; echo no
set -e; (false; echo no); echo no
set -e; (false; echo in) || echo or; { false; echo in; } || echo or; echo end
set -e; { false; }; echo no
set -e; true && false; echo no
set -e; false && false; echo yes; true && false || false; echo no
set -e; f() { return 1; }; f; echo no
set -e; for i in 1; do false; done; echo no
set -e; while :; do false; done; echo no
set -e; case x in x) false;; esac; echo no
set -e; ! false; echo yes; ! { false; echo x; }; echo end
set -e; true | false; echo no
set -e; x=1 false; echo no
set -e; nosuchcmd; echo no
set -e; eval false; echo no
set -e; eval 'false; echo in' || echo or; eval 'true; false'; echo no
set -e; . ./nosuch; echo no
set -e; echo 'false; echo in' > f; . ./f || echo or; . ./f; echo no
set -e; trap 'echo trap $?' EXIT; false; echo no
set -e; (trap 'echo sub $?' EXIT; false); echo no
set -e; x=$(echo a; false; echo b) || echo or; echo [$x]
set -e; if x=$(false; echo a); then echo then [$x]; else echo else [$x]; fi
set -e; f() { x=$(false; echo a); echo in [$x]; }; f || echo or; echo [$x]
set -e; false & wait; echo yes; false & wait $! || echo or; echo end
set -e; until false; do break; done; until true; do :; done; echo yes
set -e; test -f nosuch; echo no
set -e; [ a = b ] || [ a = a ]; echo yes; [ a = b ] && echo x; echo yes
set -e; set +e; false; echo yes; set -e; false; echo no
set -e; ( set +e; false; echo in ); echo yes
set -e; export x=$(false); echo yes; local=$(false); echo no
set -e; f() { local x=$(false); echo in; }; f; echo yes
set -e; echo a > nosuch/b; echo no
set -e; { echo a; } > nosuch/b; echo no
set -e; : > nosuch/b || echo or; echo no
set -e; cat < nosuch || echo or; echo yes
set -e; true; (exit 5); echo no
set -e; { (exit 5); } || echo or $?; false || false; echo no
set -e; if ! false; then echo a; fi; if true && false; then :; fi; echo yes
set -e; f() { if false; then :; fi; }; f; echo yes $?
set -e; f() { false || return 0; }; f; echo yes; g() { false && return 0; }; g; echo no
set -e; while read x; do echo $x; false; done <<E
## redirections
echo a > f; cat f; echo b >> f; cat f; echo c > f; cat < f; cat 0< f
echo err >&2; echo out 1>&1; { echo o; echo e >&2; } 2>/dev/null; { echo o; echo e >&2; } >/dev/null
{ echo o; echo e >&2; } > f 2>&1; cat f; { echo o; echo e >&2; } 2>&1 > g; cat g
exec 3>f; echo a >&3; echo b >&3; exec 3>&-; cat f; echo c >&3; echo $?
exec 3<&0; exec 4>&1; echo x >&4; exec 4>&-; exec > f; echo y; exec >/dev/null; cat f >&2
echo a > f; exec 5< f; read x <&5; echo $x; exec 5<&-; read x <&5; echo $?
echo a > nosuch/f; echo $?; cat < nosuch; echo $?; echo a > /; echo $?
mkdir d 2>/dev/null; echo a > d; echo $?; >f; echo $?; < f; echo $?; < nosuch; echo $?
set -C; echo a > f; echo b > f; echo $?; echo c >| f; cat f; echo d >> f; cat f; set +C; echo e > f; cat f
echo abc > f; echo X 1<> f; cat f; cat <> f; echo x <> g; cat g
echo a >&9; echo $?; echo a <&9; echo $?; : 9>&1; echo b >&9; echo $?
echo a 2>&1 >/dev/null; nosuch 2>/dev/null; echo $?; nosuch >f 2>&1; echo $?; nosuch 2>&1 | cat
x=f; echo a > $x; echo b > "$x"g; cat f fg < f; cat < fg; echo c > ${x}h; cat < fh
echo a >f >g; args *; cat < g; cat < f | args; echo b > f 2> h; args *
{ echo a; echo b; } > f; while read x; do echo [$x]; done < f; if true; then echo c; fi > g; cat g
for i in 1 2; do echo $i; done > f; cat f; (echo s) > g; cat g; { cat; } < f; case x in x) echo c;; esac > h; cat h
echo a > f; (exec < f; cat); { exec < f; read x; echo $x; } ; read y < f; echo $y
echo a>f;cat<f; echo 2>f; cat f; echo 2 >f; cat f; echo a2>f; cat f
echo a 1>f 2>&1; cat f; echo a >&1 >f; cat f; echo a > "a b"; cat < "a b"; args *
exec 3>&1 4>f; echo a >&3; echo b >&4; cat f; exec 3>&- 4>&-; exec 2>&1; nosuch
echo a | cat > f; cat f; echo b | { cat > g; }; cat g; cat f g | cat
f() { echo out; echo err >&2; }; f > o 2> e; cat o; cat e; f 2>&1 | args; x=$(f 2>&1); args "$x"
echo data > f; exec 0< f; read x; echo $x; read y; echo $? [$y]
(echo a; echo b >&2) 2>&1 | cat; { echo c 3>&1 >&2 2>&3; } 2>/dev/null; echo $?
exec 1>&-; echo a; echo $? >&2
echo a >&-; echo $? >&2; : >&-; { echo b; } >&- ; echo $?
echo > f; cat f; echo -n > f; cat f; printf x > f; printf y >> f; cat f
umask; umask 077; umask; umask -S; umask u=rwx,g=rx,o=; umask; umask 22; umask; umask 999; echo $?
umask g-w; umask; umask a+rwx; umask; umask u=,g=r,o=w; umask -S; umask +x; umask
## here-strings and here-documents on one line end at the script's end
cat <<E
cat <<E; echo after
## simple commands and lookup
nosuchcommand; echo $?; ./nosuch; echo $?; /; echo $?; ''; echo $?; "" a; echo $?
echo x > f; ./f; echo $?; mkdir d 2>/dev/null; ./d; echo $?
PATH=; args; echo $?; PATH=/nosuch; args; echo $?
x=1 args $x; x=2; x=3 args $x; echo $x; x=4 : ; echo $x; x=5 true; echo $x
x=1 export y=2; echo $x; x=3 eval :; echo $x; x=4 . /dev/null; echo $x; x=7 cd .; echo $x
x=a y=$x; echo $y; x=1 y=2 z=3; echo $x $y $z; x=$(echo 1) y=$(echo $x); echo $y
x=$(exit 3); echo $?; x=$(exit 3) y=$(exit 4); echo $?; x=$(exit 3) y=1; echo $?; x=1; echo $?
x=$(exit 3) true; echo $?; true $(exit 3); echo $?; $(exit 3); echo $?; $(true); echo $?; $(echo false); echo $?
$x; echo $?; $x echo a; "$x"; echo $?; x='echo a b'; $x; "$x"; echo $?
e=echo; $e hi; ec=ec; ${ec}ho hi; 'echo' q; "ec"ho q; \echo q; e\cho q
echo a;echo b;	echo c ; echo d
true; : a b c; : > f; args *; : ${x:=5}; echo $x; true $(echo out >&2)
readonly x=1; x=2; echo no
readonly x=1; (x=2; echo no); echo $?; unset x; echo no
readonly x; readonly x; (readonly x=3); echo $?; export x; readonly y=1 z=2; echo $y$z; readonly -p
readonly x=1; x=2 true; echo no
readonly x=1; for x in a; do echo no; done; echo no
readonly x=1; read x; echo $?
readonly x=1; f() { local x=2; echo no; }; f; echo no
export x=1; status 0; args $x; unset x; echo [$x]; export y; y=5; (echo $y); export -p
export PATH x="a'b" y='a"b$c' z; export -p
unset nosuch; echo $?; x=1; unset x y; echo $?; unset -v x; unset -f x; echo $?; unset 1x; echo no
export 1x=3; echo no
export -q; echo no
x='a b'; export y=$x; args "$y"; export $x; export -p; readonly z=$x; args "$z"; export w=~; args $w
alias; alias x='echo y'; alias x; alias; unalias x; alias x; echo $?; unalias x; echo $?
exit 5; echo no
exit 256
exit 300
(exit 7); exit
false; exit
exit x; echo no
exit -1; echo no
eval; echo $?; eval ''; echo $?; eval 'x=1; y=2'; echo $x$y; eval echo a '>' f; cat f; eval "echo \$x" \$y
eval 'exit 3'; echo no
eval 'f() { echo fn; }'; f; eval "for i in 1 2; do" "echo \$i; done"; false; eval 'echo $?'; eval false; echo $?
x=y; y=z; eval "echo \$$x"; eval $x=new; echo $y; eval 'nosuch'; echo $?
eval 'break'; for i in 1 2; do eval break; echo no; done; f() { eval return 3; echo no; }; f; echo $?
echo 'x=5; echo in $1; return 3; echo no' > f; . ./f; echo $? $x; . ./nosuch; echo no
. nosuch; echo no
command . ./nosuch; echo $?; command eval 'exit 2'; echo no
echo 'echo $0 $# $1; exit 4' > f; . ./f; echo no
exec echo a; echo no
exec nosuch; echo no
exec status 3; echo no
trap 'echo t' EXIT; exec status 3
trap 'echo t' EXIT; exec nosuch
(exec status 3); echo $?; exec; echo $?; exec 2>&1; echo err >&2
command echo a; command nosuch; echo $?; command; echo $?; command -p echo b; command -- echo c
command -v echo; command -v args >/dev/null; echo $?; command -v nosuch; echo $?; command -v if; f() { :; }; command -v f; command -V f; command -V echo; command -V if; command -V :; command -V nosuch; echo $?
type echo if : f; echo $?; f() { :; }; type f; type nosuch; echo $?
echo() { printf fn; }; command echo a; f() { echo b; }; command f; echo $?
hash; hash args; echo $?; hash nosuch; echo $?; hash -r; echo $?
shift; echo $1 $#; shift; echo $#; shift; echo no
shift 2; echo $#; set -- a b c; shift 0; echo $#; shift 3; echo $#
shift 3; echo no
shift x; echo no
set -- a b; set c; echo $1 $#; set -- ; echo $#; set -- -a -- b; echo $# $1; set a -b; echo $2
set -x; echo a "b c" > f; x=1; x=2 true; (echo s); f() { echo fn; }; f; set +x
set -x; for i in 1 2; do echo $i; done; case a in a) echo c;; esac; [ a = a ] && echo t; x=$(echo sub)
PS4='> '; set -x; echo a; x=b
set -o; set +o; set -o nosuch; echo no
set -o errexit; false; echo no
set -q; echo no
set -e -u; set +eu; set -o nounset; set +o nounset; set -ef; echo $-; set +f; echo $-; set -; set -- -; echo $1
set -a; x=1; set +a; y=2; export -p
pwd >/dev/null; cd /; pwd; cd ..; pwd; cd; echo $? >/dev/null; cd nosuch; echo $?; cd -; echo $OLDPWD
cd ''; echo $?; cd /bin/..; pwd; cd /./; pwd; echo $PWD; pwd -P; pwd -L
cd - ; echo $?
CDPATH=/dev/.. ; cd bin; pwd; CDPATH=:/etc/..; cd dev; pwd
wait; echo $?; times >/dev/null; echo $?; ulimit >/dev/null; echo $?; jobs; echo $?
true a; false b; echo $?; : x; echo $?; ':'; "true"; echo $?
test; echo $?; [ ]; echo $?; [; echo $?; [ a; echo $?; test ]; echo $?; [ a ]; echo $?; [ '' ]; echo $?
echo $LINENO; f() { echo $LINENO; }; f
## test
for a in 1 2; do for o in -eq -ne -lt -le -gt -ge = !=; do test $a $o 2 && echo $a $o; done; done
[ abc = abc ] && echo 1; [ abc != abd ] && echo 2; [ a \< b ] && echo 3; [ b \> a ] && echo 4; [ -n a ] && echo 5; [ -z '' ] && echo 6
[ -n ]; echo $?; [ -z ]; echo $?; [ ! ]; echo $?; [ ! a ]; echo $?; [ ! '' ]; echo $?; [ ! -n a ]; echo $?; [ ! a = b ]; echo $?
[ = ]; echo $?; [ = = = ]; echo $?; [ -n = -n ]; echo $?; [ ! = ! ]; echo $?; [ '(' = '(' ]; echo $?; [ -a = -a ]; echo $?
[ a -a b ]; echo $?; [ a -a '' ]; echo $?; [ '' -o b ]; echo $?; [ '' -o '' ]; echo $?; [ -n a -a -z '' ]; echo $?
[ a = a -a b = b ]; echo $?; [ a = b -o b = b ]; echo $?; [ a = a -a b = c -o d = d ]; echo $?; [ ! a = b -a c = c ]; echo $?
[ '(' a ')' ]; echo $?; [ '(' a = b ')' ]; echo $?; [ '(' a = b -o a = a ')' -a c = c ]; echo $?; [ ! '(' a = b ')' ]; echo $?
[ '(' ]; echo $?; [ ')' ]; echo $?; [ '(' ')' ]; echo $?; [ '(' '' ')' ]; echo $?; [ ! '(' ]; echo $?
[ a b ]; echo $?; [ a b c ]; echo $?; [ a = ]; echo $?; [ -f ]; echo $?; [ -f a b ]; echo $?; [ a = b c ]; echo $?
[ 1 -eq x ]; echo $?; [ x -eq 1 ]; echo $?; [ '' -eq 0 ]; echo $?; [ ' 1 ' -eq 1 ]; echo $?; [ 1a -eq 1 ]; echo $?; [ -1 -lt 0 ]; echo $?; [ +1 -eq 1 ]; echo $?
[ 01 -eq 1 ]; echo $?; [ 0x1 -eq 1 ]; echo $?; [ 99999999999999999999 -gt 1 ]; echo $?; [ 9223372036854775807 -gt 1 ]; echo $?
>f; mkdir d 2>/dev/null; for o in e f d h L s r w x c b p u g k S; do for n in f /dev / nosuch /dev/null ''; do test -$o "$n"; printf %s $?; done; echo; done
echo a > f; [ -s f ]; echo $?; [ -f f -a -r f ]; echo $?; [ f -ef ./f ]; echo $?; [ f -ef nosuch ]; echo $?; [ f -nt nosuch ]; echo $?; [ nosuch -ot f ]; echo $?
[ -t 0 ]; echo $?; [ -t 9 ]; echo $?; [ -t x ]; echo $?; test -e / -a -d /; echo $?; [ -d / -a ! -f / ]; echo $?
[ "$1" = one ] && echo 1; [ $2 = x ]; echo $?; [ "$2" = "two words" ] && echo 2; [ x"$nosuch" = x ] && echo 3; [ $nosuch = a ]; echo $?; [ -n $nosuch ]; echo $?
[ a == a ]; echo $?; test a == a; echo $?; [ -a f ]; echo $?; [ -o e ]; echo $?; [ a -ne b ]; echo $?
[ ! -e nosuch -o -e / ]; echo $?; [ ! ! a ]; echo $?; [ ! ! ! a ]; echo $?; [ -z a -o ! -z a ]; echo $?
[ -e a -a b ]; echo $?; [ a -o b = c ]; echo $?; [ a -a ]; echo $?; [ -a a ]; echo $?; [ a -a b -a ]; echo $?
[ -n a -a ]; echo $?; [ '!' -a a ]; echo $?; [ ! -a a ]; echo $?; [ '(' -a a ]; echo $?; [ a -a '(' ]; echo $?
## echo
echo; echo -n; echo -n a; echo -n -n b; echo a -n; echo -e a; echo -ne a; echo -- a; echo - a
echo 'a\nb' 'c\td' 'e\\f' 'g\ah' 'i\0101j' 'k\101l' 'm\x41n' 'o\qp' 'q\'
echo 'a\cb' c; echo; echo 'a\' 'b'; echo 'a\0b' | args; echo '\0' | args; echo '\01234' '\08'
echo "a\\nb" "a\\\\nb" a\\nb 'a\vb\fc\rd\be'
echo  a   b ; echo "a   b"; echo a"$nosuch"b '' c
## printf
printf 'a\n'; printf a; printf '%s\n' a b c; printf '%s %s\n' a b c; printf '\n'; printf '%%\n'; printf '%s'; echo
printf '%d\n' 1 -2 +3 010 0x1F "'A" '"a' ''; printf '%d\n' x; echo $?; printf '%d\n' 3x; echo $?; printf '%d\n' 99999999999999999999; echo $?
printf '%5d|%-5d|%05d|%+d|% d\n' 42 42 42 42 42; printf '%5s|%-5s|%.2s|%5.1s|\n' abc abc abc abc; printf '%*d|%-*d|%.*s\n' 5 1 5 2 2 abc
printf '%x %X %o %u %i\n' 255 255 8 3 4; printf '%#x %#o %#X\n' 255 8 255; printf '%c%c\n' abc x; printf '%x\n' -1; printf '%u\n' -1
printf '%b\n' 'a\nb' 'a\tb' 'a\0101b' 'a\101b' 'x\\y'; printf '%b' 'a\cb' c; echo; printf '%s\n' 'a\nb'; printf 'a\tb\101\0101\\\n'
printf '%s\n'; printf '%d\n'; printf '%s-%d\n' a 1 b; printf '%z\n'; echo $?; printf; echo $?; printf '%'; echo $?; printf '%s %z\n' a; echo $?
printf -- '%s\n' a; printf -- -a; echo; printf '%f %.2f %e %.0f\n' 1 2.345 12345 0.5; printf '%5.1f|%-8.2f|%08.3f\n' 3.14159 2 -1.5
printf '%.3d|%5.3d|%-6.2d|\n' 5 5 5; printf '%.0d|\n' 0; printf '%s %s %s\n' 1; printf 'x%sy' a b; echo; printf '%d %s\n' 1 a 2
printf '\a\b\f\v\r\\\"\z\n' | args; printf 'a\cb\n'; printf '\1\12\123\1234\n' | args; printf '%b\n' '\1' | args
printf "%s\n" "$@"; printf '%s' "a b" c; echo; printf "%s,%s\n" "$*" "$@"; printf '%s\n' -n --; printf '%10s|%-10s|\n' é é
## read
echo 'a b c' | { read x y; args "$x" "$y"; }; echo ' a  b ' | { read x; args "$x"; }; echo ' a  b ' | { IFS= read x; args "$x"; }
echo 'a\b c\ d' | { read x y; args "$x" "$y"; }; echo 'a\b c\ d' | { read -r x y; args "$x" "$y"; }; echo 'a' | { read x y; args "$x" "$y"; }
echo 'a:b:c' | { IFS=: read x y; args "$x" "$y"; }; echo 'a:b:' | { IFS=: read x y; args "$x" "$y"; }; echo 'a:b:c:' | { IFS=: read x y; args "$x" "$y"; }
echo ':a:b' | { IFS=: read x y; args "$x" "$y"; }; echo 'a : b : c ' | { IFS=' :' read x y; args "$x" "$y"; }; echo 'a::b' | { IFS=: read x y z; args "$x" "$y" "$z"; }
echo 'a:b::' | { IFS=: read x y; args "$x" "$y"; }; echo 'a: ' | { IFS=': ' read x y; args "$x" "$y"; }; echo ' : a' | { IFS=': ' read x y; args "$x" "$y"; }
echo 'a:' | { IFS=: read x; args "$x"; }; echo 'a::' | { IFS=: read x; args "$x"; }; echo ':a' | { IFS=: read x; args "$x"; }; echo ' a: ' | { IFS=': ' read x; args "$x"; }
printf 'a b' | { read x y; echo $?; args "$x" "$y"; }; printf '' | { read x; echo $? "[$x]"; }; printf 'a\\\nb\n' | { read x; args "$x"; }; printf 'a\\\nb\n' | { read -r x; args "$x"; }
read; echo $?; read 1x; echo $?; echo a | { read -p prompt x; echo $x; }; echo a | { read -q x; echo $?; }; x=5; read x </dev/null; echo $? [$x]
printf '1\n2\n3\n' | while read x; do echo "<$x>"; done; printf '1\n2' | while read x; do echo "<$x>"; done; printf '1\n2' | while read x || [ -n "$x" ]; do echo "<$x>"; done
printf 'a\tb  c\n' | { IFS='	' read x y; args "$x" "$y"; }; printf 'a,b c\n' | { IFS=', ' read x y z; args "$x" "$y" "$z"; }
echo 'a b c d' | { read a b c d e; args "$a" "$b" "$c" "$d" "$e"; }; echo 'a\' | { read x; echo $?; args "$x"; }; echo '\a\\b' | { read x; args "$x"; }
echo 'a\:b:c' | { IFS=: read x y; args "$x" "$y"; }; echo 'x\ ' | { read x; args "$x"; }; echo ' \ x' | { read x; args "$x"; }
## getopts
set -- -a -b val -c rest; while getopts ab:c o; do echo $o $OPTARG $OPTIND; done; echo $? $OPTIND; shift $((OPTIND-1)); echo $*
set -- -abval rest; while getopts ab: o; do echo $o [$OPTARG] $OPTIND; done; echo $OPTIND
set -- -x; getopts ab o; echo $? $o [$OPTARG] $OPTIND; set -- -b; OPTIND=1; getopts b: o; echo $? $o [$OPTARG] $OPTIND
set -- -x; getopts :ab o; echo $? $o [$OPTARG] $OPTIND; set -- -b; OPTIND=1; getopts :b: o; echo $? $o [$OPTARG] $OPTIND
set -- -a -- -b; while getopts ab o; do echo $o; done; echo $OPTIND $o; set -- a -b; OPTIND=1; getopts b o; echo $? $OPTIND $o
getopts ab o -a -b x; echo $o $OPTIND; getopts ab o -a -b x; echo $o $OPTIND; getopts ab o -a -b x; echo $? $o $OPTIND
set -- -a -; while getopts a o; do echo $o; done; echo $OPTIND; getopts; echo $?; getopts a; echo $?; f() { getopts x o; echo $o; }; OPTIND=1; f -x
set -- -ab; getopts ab o; echo $o $OPTIND; getopts ab o; echo $o $OPTIND; getopts ab o; echo $? $OPTIND; set -- -b -a; OPTIND=1; getopts ab o; echo $o
## traps
trap 'echo bye $?' EXIT; echo hi; exit 3
trap 'echo bye; exit 5' EXIT; exit 3
trap 'echo bye' 0; (echo sub); echo end; trap - EXIT
trap 'echo a' EXIT; trap 'echo b' EXIT; trap; trap '' INT; trap; trap - INT EXIT; trap
trap 'echo "quo'"'"'ted"' TERM HUP; trap; trap - 15; trap; trap 1; trap; trap '' nosuch; echo $?; trap - SIGINT; echo $?
(trap 'echo sub $?' EXIT; exit 4); echo $?; x=$(trap 'echo in' EXIT; echo out); echo "$x"; trap 'echo main' EXIT; (:); :
trap 'echo $x' EXIT; x=late; f() { exit 2; }; f
trap 'false' EXIT; true
trap 'exit' EXIT; (exit 3); exit 4
trap "echo double" EXIT INT; trap -- 'echo dd' EXIT; trap; set -e; trap 'echo t1; false; echo t2' EXIT; true
trap 'trap "echo inner" EXIT; echo outer' EXIT
## syntax in odd places
echo a;; echo b
if true; then echo a; fi echo b
 # comment only
echo a # comment ; echo b
echo a ; # comment
{ echo a; } ; ( echo b ) ; { ( echo c ); }
echo a && { echo b; } || ( echo c )
f(){ echo a;};f
for i in a b;do echo $i;done
if true;then echo a;fi
while true;do break;done
case a in a)echo a;esac
(echo a)|(cat)
((echo a))
( (echo a) )
{ { { echo a; }; }; }
echo $( (echo a) ) $( { echo b; } ) $( ( (echo c) ) )
! true && echo a || echo b
a= b=c; echo "$a$b"; a=b=c; echo $a; a="b c"d' e'; echo "$a"
a=$(echo b)c`echo d`"e"; echo $a
: $(echo a > f); cat f
echo ${x:-$(echo "}")} "${x:-$(echo '}')}"
echo "$(echo "$(echo '"')")" '$(echo)' "\$(echo)"
echo "a'b'c" 'a"b"c' "a\"b" 
echo "${x:-a'b'c}" ${x:-a'b'c} "${x:-a"b"c}"
echo $(echo `echo a`) `echo $(echo b)`
echo $((`echo 1`+$(echo 2)))
echo a|cat;echo b&&echo c||echo d
if ! false; then echo a; fi; until ! true; do break; done
for if in a; do echo $if; done; for in in b; do echo $in; done
case for in for) echo for;; esac; echo for in do done
then; echo no
echo a; fi; echo no
echo a; }; echo no
echo (a); echo no
echo a; (echo b; echo no
if true; then echo no
while true; do echo no
case a in a) echo no
echo 'no
echo "no
echo $(no
echo ${no
echo `no
f() { echo no
for x y; do echo no; done
for 1x in a; do echo no; done
;
& echo no
| echo no
&& echo no
echo a &&
echo a |
echo a >
echo a < ; echo no
! ; echo no
for i in a; do done; echo no
if then fi; echo no
{ }; echo no
( ); echo no
