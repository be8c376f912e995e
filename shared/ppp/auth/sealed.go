package auth

// A sealed value is one that fmt, loggers and encoders cannot see, also where
// they reach through unexported fields and ask no methods: they never follow a
// pointer to a pointer. Its zero value holds nothing.
type sealed[T any] struct{ p **T }

func seal[T any](v T) sealed[T] {
	p := &v
	return sealed[T]{&p}
}

// open returns what is held, or T's zero value.
func (s sealed[T]) open() (v T) {
	if s.p != nil {
		v = **s.p
	}
	return v
}
