package registry

import (
	"strconv"
)

// The keys of the ledger's state. One subject has one key; no key carries a status. The strings are frozen: see
// docs/format.md and the golden test beside this file.

// PrefixAgreement and PrefixType begin the keys of every agreement and of every certificate type, for a follower that lists
// them. The rules never scan.
const (
	PrefixAgreement = "agreement/"
	PrefixType      = "type/"
)

// KeyConsortium holds the consortium's charter.
const KeyConsortium = "consortium"

// KeyRegion holds a region, by division code.
func KeyRegion(code string) string { return "region/" + code }

// KeyRegionProposal holds one proposal to admit a region, by the digest of the proposing command (base64url): a second
// proposal for a region leaves the votes for the first alone.
func KeyRegionProposal(code, digest string) string { return PrefixRegionProposal + code + "/" + digest }

// PrefixRegionProposal begins the keys of all admissions.
const PrefixRegionProposal = "proposal/"

// KeyKey holds a registered key, by its id "<owner>#<name>".
func KeyKey(id string) string { return "key/" + id }

// KeyAuthority holds an authority, by USCC.
func KeyAuthority(code string) string { return "authority/" + code }

// KeyType holds one version of a certificate type.
func KeyType(code string, version int) string {
	return PrefixType + code + "/" + strconv.Itoa(version)
}

// KeyBatch holds an anchored batch.
func KeyBatch(id string) string { return "batch/" + id }

// KeyStatus holds the status intervals of one certificate: authority, list and index.
func KeyStatus(authority string, list, index uint32) string {
	return PrefixStatus(authority, list) + strconv.FormatUint(uint64(index), 10)
}

// PrefixStatus begins the keys of one status list's entries; the index follows it.
func PrefixStatus(authority string, list uint32) string {
	return "status/" + authority + "/" + strconv.FormatUint(uint64(list), 10) + "/"
}

// KeyAgreement holds one version of an agreement.
func KeyAgreement(id string, version int) string {
	return PrefixAgreement + id + "/" + strconv.Itoa(version)
}

// KeyWitness holds a region's latest witness statement.
func KeyWitness(region string) string { return "witness/" + region }

// KeyOperation marks an applied operation whose subject does not identify it. Operation ids belong to the owner of the
// key that signed (region code or USCC): nobody can use up another's.
func KeyOperation(owner, id string) string { return "op/" + owner + "/" + id }
