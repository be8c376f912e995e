// Package testbed builds the world that real peers need: a virtual machine
// with a stock Debian kernel and Debian's pppd, chat, pptp and pptpd (no
// software of ours in it), network namespaces as hosts, and the built programs
// running in them. Tests use it; it needs root and the packages in
// guest/packages.
package testbed
