package attest

// StatusListSize is the number of certificates that one status list holds: 2^17, the least that keeps a certificate
// hidden in a crowd (W3C Bitstring Status List, 2.2; protocol of this project).
const StatusListSize = 1 << 17

// StatusAt is the interval that covers time at (Unix seconds), or nil where the certificate was plainly in force. When
// several do, the last one recorded counts. A revocation is known from the moment it is recorded on the ledger, so the
// question "was it in force on that date, as known now?" has one answer.
func StatusAt(intervals []Interval, at int64) *Interval {
	for i := len(intervals) - 1; i >= 0; i-- {
		v := &intervals[i]
		if v.From <= at && (v.Until == 0 || at < v.Until) {
			return v
		}
	}
	return nil
}
