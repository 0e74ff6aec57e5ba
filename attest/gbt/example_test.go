package gbt_test

import (
	"fmt"

	"github.com/huzheng-ledger/huzheng/attest/gbt"
)

// An identifier prints redacted; its check character says whether it is valid, legacy or wrong.
func ExampleParseIdentifier() {
	for _, check := range []string{"I", "V", "0"} {
		id, err := gbt.ParseIdentifier("1.2.156.3005.2.11100000000013338W001.11430000006122244L.20260000001.001." + check)
		fmt.Println(id.Outcome, err)
		if err == nil {
			fmt.Println(id)
		}
	}
	// Output:
	// valid <nil>
	// 1.2.156.3005.2.11100000000013338W001.11430000006122244L.***.001.*
	// legacy-check <nil>
	// 1.2.156.3005.2.11100000000013338W001.11430000006122244L.***.001.*
	// invalid LICENCE_IDENTIFIER_CHECK: the check character of the licence identifier is wrong
}
