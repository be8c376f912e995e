package main

// rows are the table, in its order.
func rows() []Row {
	var all []Row
	all = append(all, hdlcRows()...)
	all = append(all, idleRows()...)
	all = append(all, tcpRows()...)
	all = append(all, codingRows()...)
	all = append(all, callRows()...)
	all = append(all, clientRows()...)
	all = append(all, pacRows()...)
	return all
}
