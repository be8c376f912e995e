package main

// rows are the table, in its order.
func rows() []Row {
	var all []Row
	all = append(all, hdlcRows()...)
	return all
}
