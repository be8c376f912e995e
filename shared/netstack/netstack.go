// Package netstack is a TCP/IP of our own, a gVisor stack in user space, fed
// with IP packets. A host on it dials, listens and pings; with a Forwarder it
// stands for every address beyond a router instead.
package netstack
