// Package servertest has what the tests of stores behind servers share: the servers' addresses, saves of several workers of which processes
// are killed at random moments ([Killed]), ones of which every call fails once ([EveryCallFails]), and the time that many processes take ([Processes]).
package servertest
