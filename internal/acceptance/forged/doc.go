// Package forged holds its tests only. They change what checkpoints store, with every checksum right, or flip single bits, and let
// every verb that reads look at the result. Each returns the stored values or an error, and takes no more memory than the files justify.
package forged
