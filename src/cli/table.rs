//! Tables for people: columns apart by two blanks, no lines, nothing cut.

use comfy_table::{CellAlignment, Table, presets};

/// A table with a head. Columns whose name starts with `>` are aligned to the right.
pub(super) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(head.iter().map(|name| name.trim_start_matches('>').to_uppercase()));
    for row in rows {
        table.add_row(row);
    }
    for (number, name) in head.iter().enumerate() {
        if let Some(column) = table.column_mut(number) {
            column.set_padding((0, 2));
            if name.starts_with('>') {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_are_aligned_and_lines_end_where_their_text_does() {
        let rows = [vec!["a".to_owned(), "10".to_owned()], vec!["long".to_owned(), "2".to_owned()]];
        assert_eq!(table(&["name", ">size"], rows), "NAME  SIZE\na       10\nlong     2\n");
    }
}
