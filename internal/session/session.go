package session

import (
	"slices"
	"time"
)

// Kind is whom a session is of.
type Kind string

// The kinds of people who sign in.
const (
	Citizen Kind = "citizen" // 公民: sees what is theirs
	Staff   Kind = "staff"   // 工作人员: acts for an office, as far as roles go
)

// Role is what a member of staff may do.
type Role string

// The roles of staff.
const (
	RoleVerify  Role = "verify"  // 核验
	RoleIssue   Role = "issue"   // 签发
	RoleSuspend Role = "suspend" // 暂扣、撤销、恢复
	RoleGovern  Role = "govern"  // 互认协议
	RoleAudit   Role = "audit"   // 查档
)

// Roles lists every role once.
func Roles() []Role { return []Role{RoleVerify, RoleIssue, RoleSuspend, RoleGovern, RoleAudit} }

// Person is who signed in, as their provider says. All of it is personal data: it goes into no log.
type Person struct {
	Kind    Kind
	Issuer  string // of the provider
	Subject string // the provider's name for them
	Name    string // to greet them by
	Code    string // citizens: the holder code (公民身份号码) that their certificates name
	Office  string // staff: USCC of the authority they act in
	Roles   []Role // staff
	// Authenticated is when the provider last made sure who they are; zero: it does not say.
	Authenticated time.Time
}

// May reports whether a member of staff has one of the roles.
func (p *Person) May(roles ...Role) bool {
	return p.Kind == Staff && slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(p.Roles, r) })
}

// Same reports whether two are the same person with the same rights.
func (p *Person) Same(other *Person) bool {
	return p.Kind == other.Kind && p.Issuer == other.Issuer && p.Subject == other.Subject && p.Code == other.Code &&
		p.Office == other.Office && slices.Equal(p.Roles, other.Roles)
}
