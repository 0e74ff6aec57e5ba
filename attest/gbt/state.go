package gbt

import "slices"

// CertificateState is the state of a certificate as the deployed systems code it, two digits.
type CertificateState string

// States as deployed.
const (
	StateInForce   CertificateState = "01" // 有效
	StateSuspended CertificateState = "02" // 暂扣
	StateRevoked   CertificateState = "03" // 吊销
	StateWithdrawn CertificateState = "04" // 撤销
	StateCancelled CertificateState = "05" // 注销
	StateLapsed    CertificateState = "06" // 失效
	StateOther     CertificateState = "99" // 其他
)

// CertificateStates are all states, by code. The slice is the caller's.
func CertificateStates() []CertificateState {
	return []CertificateState{
		StateInForce, StateSuspended, StateRevoked, StateWithdrawn, StateCancelled, StateLapsed, StateOther,
	}
}

// Known reports whether s is one of the deployed codes.
func (s CertificateState) Known() bool { return slices.Contains(CertificateStates(), s) }

// Chinese is the name of the state; empty for an unknown code.
func (s CertificateState) Chinese() string { chinese, _ := s.names(); return chinese }

// English is the name of the state; empty for an unknown code.
func (s CertificateState) English() string { _, english := s.names(); return english }

func (s CertificateState) names() (chinese, english string) {
	switch s {
	case StateInForce:
		return "有效", "in force"
	case StateSuspended:
		return "暂扣", "suspended"
	case StateRevoked:
		return "吊销", "revoked"
	case StateWithdrawn:
		return "撤销", "withdrawn"
	case StateCancelled:
		return "注销", "cancelled"
	case StateLapsed:
		return "失效", "lapsed"
	case StateOther:
		return "其他", "other"
	}
	return "", ""
}
