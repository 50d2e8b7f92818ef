//! Tables with lines drawn, as the demonstration and the suites print them.

use std::fmt;

/// Where a column's cells stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table that is drawn with lines.
#[derive(Clone, Debug)]
pub struct Table<const COLUMNS: usize> {
    columns: [(&'static str, Align); COLUMNS],
    /// `None` is a rule across.
    lines: Vec<Option<[String; COLUMNS]>>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// A table with its head.
    pub fn new(columns: [(&'static str, Align); COLUMNS]) -> Self {
        Self { columns, lines: vec![Some(columns.map(|(name, _)| name.to_owned())), None] }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: [String; COLUMNS]) {
        self.lines.push(Some(cells));
    }

    /// Adds a rule, to set groups of rows apart.
    pub fn rule(&mut self) {
        self.lines.push(None);
    }
}

impl<const COLUMNS: usize> fmt::Display for Table<COLUMNS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width =
            |column: usize| self.lines.iter().flatten().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; COLUMNS] = std::array::from_fn(width);
        let rule = |left: &str, middle: &str, right: &str| {
            let runs: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
            format!("{left}{}{right}", runs.join(middle))
        };
        writeln!(f, "{}", rule("┌", "┬", "┐"))?;
        for line in &self.lines {
            let Some(cells) = line else {
                writeln!(f, "{}", rule("├", "┼", "┤"))?;
                continue;
            };
            f.write_str("│")?;
            for ((cell, width), (_, align)) in cells.iter().zip(widths).zip(self.columns) {
                match align {
                    Align::Left => write!(f, " {cell:<width$} │")?,
                    Align::Right => write!(f, " {cell:>width$} │")?,
                }
            }
            writeln!(f)?;
        }
        writeln!(f, "{}", rule("└", "┴", "┘"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_left_and_numbers_right() {
        let mut table = Table::new([("name", Align::Left), ("n", Align::Right)]);
        table.row(["é".to_owned(), "10".to_owned()]);
        table.rule();
        table.row(["total".to_owned(), "7".to_owned()]);
        let drawn = "┌───────┬────┐\n│ name  │  n │\n├───────┼────┤\n│ é     │ 10 │\n\
                     ├───────┼────┤\n│ total │  7 │\n└───────┴────┘\n";
        assert_eq!(table.to_string(), drawn);
    }
}
