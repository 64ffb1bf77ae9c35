// Package ckpttest has helpers that tests of package ckpt share: small programs, verbs that must succeed, TensorFlow's golden
// files, and disks that fail.
package ckpttest
