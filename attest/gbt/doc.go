// Package gbt reads, checks and builds the identifiers and code tables of the Chinese national standards that a
// certificate carries, so that every other package meets them already checked:
//
//	licence identifier (证照标识)   GB/T 36904, check character ISO 7064 MOD 37,36 (GB/T 17710)
//	certificate type code           GB/T 36902: USCC of the defining authority and a serial of three
//	unified social credit code      GB 32100, with the organisation code GB 11714 inside it
//	division code                   GB/T 2260
//	citizen number                  GB 11643, check character ISO 7064 MOD 11-2
//	holder code types, field names  GB/T 36903 as deployed
//
// Text goes in, a checked value or a coded error comes out. Licence identifiers and citizen numbers identify a person:
// no error text of this package carries any part of its input, and the values print redacted.
package gbt
