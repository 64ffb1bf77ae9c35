// Package forged holds only tests. They change the contents of checkpoints and correct every checksum, or flip single bits, and run
// every verb that reads on the result. Each returns the stored values or an error, and takes no more memory than the files justify.
package forged
