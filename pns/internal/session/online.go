package session

import "sync"

// Online knows, for each user who may have only one call, the session that has
// it. Any goroutine may use it.
type Online struct {
	mu    sync.Mutex
	seats map[string]*Session // by the user's configured name
}

// NewOnline knows nobody yet.
func NewOnline() *Online { return &Online{seats: map[string]*Session{}} }

// enter gives s the user's seat, or returns the session that has it.
func (o *Online) enter(user string, s *Session) (older *Session) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if older = o.seats[user]; older == nil {
		o.seats[user] = s
	}
	return older
}

// leave frees the seat that s has.
func (o *Online) leave(user string, s *Session) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seats[user] == s {
		delete(o.seats, user)
	}
}
