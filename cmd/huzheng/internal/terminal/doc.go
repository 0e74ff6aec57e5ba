// Package terminal lays out what a person reads: tables whose columns line up although Chinese characters take two
// cells, colours only where a terminal shows them, and text from strangers with everything taken out that a terminal
// would obey instead of show.
package terminal
