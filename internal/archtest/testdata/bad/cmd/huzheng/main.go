package main

import "example.org/bad/chaincode"

func main() { chaincode.Start() }
