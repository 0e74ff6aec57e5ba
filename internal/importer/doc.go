// Package importer reads the tables that offices keep their certificates in, so that they can be issued.
//
//	file ─Survey─▶ digest, encoding ─┐
//	certificate type ─ReadForm─▶ Form ┴─NewReader─▶ row after row: fields as JSON, or the reasons why not ─▶ Journal ─▶ reports
//
// Columns go by any of the three spellings of GB/T 36903 as deployed (Chinese, pinyin initials, English), or of the
// type's own schema. A row that cannot be read, and a quote that never ends, cost that row and no other. Memory does not
// grow with the table: a row has at most MaxRow bytes, and what became of the rows is written to the journal as it is
// known. Refusals name line and column; they never repeat a value.
package importer
