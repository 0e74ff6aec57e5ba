// Package qr draws QR codes and reads them from photographs.
//
//	text ─Encode─▶ Code ─SVG, PNG, Runs─▶ page, file, paper
//	photograph ─Reader.Read─▶ text
//
// A photograph comes from anybody: its size is known and bounded before a pixel is decoded, few are decoded at once, and a
// picture that defeats the library holds no code, and nothing else.
package qr
