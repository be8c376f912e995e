package profile

// A Permit is what a PNS may have dialled. The zero value permits nothing.
type Permit struct {
	Numbers []string // patterns of package phone
	Banks   []string // whose lines dial, the first first
}
