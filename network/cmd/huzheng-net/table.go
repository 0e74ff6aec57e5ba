package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// table is lines of cells, the first of which heads the columns.
type table [][]string

func (t *table) add(cells ...string) { *t = append(*t, cells) }

// write sets each column as wide as its widest cell on a terminal, where a Chinese character takes two places.
func (t table) write(w io.Writer) error {
	var wide []int
	for _, cells := range t {
		for i, cell := range cells {
			if i == len(wide) {
				wide = append(wide, 0)
			}
			wide[i] = max(wide[i], width(cell))
		}
	}
	for _, cells := range t {
		var line strings.Builder
		for i, cell := range cells {
			line.WriteString(cell)
			if i+1 < len(cells) {
				line.WriteString(strings.Repeat(" ", wide[i]-width(cell)+2))
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// width is how many places a text takes on a terminal.
func width(text string) int {
	n := 0
	for _, r := range text {
		n++
		if unicode.Is(unicode.Han, r) || (r >= 0x3000 && r <= 0x303F) || (r >= 0xFF00 && r <= 0xFF60) {
			n++
		}
	}
	return n
}
