package terminal

import (
	"bufio"
	"io"
	"strings"
)

// Column is one column of a table.
type Column struct {
	Title string
	Align Align
	Max   int // widest that a cell may be, in terminal cells; zero: no bound
}

// Cell is one cell with the style that its text is shown in.
type Cell struct {
	Text  string
	Style Style
}

// Table gathers rows and lays them out once all are known. The zero value has no columns.
type Table struct {
	Columns []Column
	rows    [][]Cell
}

// Add adds a row; cells that are missing are empty, further ones than columns are left out. Texts are cleaned.
func (t *Table) Add(cells ...Cell) {
	row := make([]Cell, len(t.Columns))
	for i := range row {
		if i < len(cells) {
			row[i] = Cell{Text: t.fit(i, cells[i].Text), Style: cells[i].Style}
		}
	}
	t.rows = append(t.rows, row)
}

// AddText adds a row of plain cells.
func (t *Table) AddText(texts ...string) {
	cells := make([]Cell, len(texts))
	for i, s := range texts {
		cells[i].Text = s
	}
	t.Add(cells...)
}

// Len is the number of rows.
func (t *Table) Len() int { return len(t.rows) }

func (t *Table) fit(column int, s string) string {
	s = Clean(s)
	if limit := t.Columns[column].Max; limit > 0 {
		return Truncate(s, limit)
	}
	return s
}

// Write lays the table out: titles, a rule, the rows, two spaces between columns, no space at the end of a line.
func (t *Table) Write(w io.Writer, p Palette) error {
	widths := t.widths()
	out := bufio.NewWriter(w)
	titles := make([]Cell, len(t.Columns))
	rules := make([]Cell, len(t.Columns))
	for i, c := range t.Columns {
		titles[i] = Cell{Text: c.Title, Style: Bold}
		rules[i] = Cell{Text: strings.Repeat("─", widths[i]), Style: Dim}
	}
	t.line(out, titles, widths, p)
	t.line(out, rules, widths, p)
	for _, row := range t.rows {
		t.line(out, row, widths, p)
	}
	return out.Flush()
}

func (t *Table) widths() []int {
	widths := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		widths[i] = Width(c.Title)
		for _, row := range t.rows {
			widths[i] = max(widths[i], Width(row[i].Text))
		}
	}
	return widths
}

func (t *Table) line(out *bufio.Writer, row []Cell, widths []int, p Palette) {
	last := len(row) - 1
	for last > 0 && row[last].Text == "" {
		last--
	}
	for i := 0; i <= last; i++ {
		if i > 0 {
			_, _ = out.WriteString("  ")
		}
		gap := strings.Repeat(" ", max(0, widths[i]-Width(row[i].Text)))
		text := p.Apply(row[i].Style, row[i].Text)
		switch {
		case t.Columns[i].Align == Right:
			text = gap + text
		case i < last:
			text += gap
		}
		_, _ = out.WriteString(text)
	}
	_ = out.WriteByte('\n')
}
