package mppe

// A sealed value is one that fmt, loggers and encoders cannot see, also where
// they reach through unexported fields and ask no methods: they follow a
// pointer, but none to a pointer.
type sealed[T any] struct{ p **T }

func seal[T any](v *T) sealed[T] { return sealed[T]{&v} }

// open returns what is held. A zero value, which holds nothing, panics.
func (s sealed[T]) open() *T { return *s.p }
