package demoidp

import (
	"crypto/rand"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// remembered is somebody who wanted to stay signed in at the provider, as people are at a province's platform: the next
// sign-in from their browser asks nothing, unless it is told to.
type remembered struct {
	account  string
	signedIn time.Time
}

// maxRemembered bounds the browsers that are remembered; past it the eldest is forgotten.
const maxRemembered = 1024

// remember keeps who has just given the password in a sign-in under way, and gives what the browser brings back.
func (s *storage) remember(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[id]
	if !ok || !r.Done() {
		return ""
	}
	if len(s.recalled) >= maxRemembered {
		delete(s.remembered, s.recalled[0])
		s.recalled = s.recalled[1:]
	}
	key := rand.Text()
	s.remembered[key] = remembered{r.subject, r.signedIn}
	s.recalled = append(s.recalled, key)
	return key
}

// recall ends a sign-in by what is remembered of the browser; false: the person has to be asked (OpenID Connect Core 1.0,
// 3.1.2.1: prompt=login, or max_age seconds have passed).
func (s *storage) recall(id, key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[id]
	was, known := s.remembered[key]
	if !ok || !known || r.Done() || slices.Contains(r.asked.Prompt, oidc.PromptLogin) {
		return false
	}
	if age := r.asked.MaxAge; age != nil && time.Since(was.signedIn) > time.Duration(*age)*time.Second { //nolint:gosec // seconds, of a client of ours
		return false
	}
	done := *r
	done.subject, done.signedIn = was.account, was.signedIn
	s.requests[id] = &done
	return true
}
