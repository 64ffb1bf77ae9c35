// Package scale runs the protocol of sections with many workers on a store, and counts and times its requests. Its tests print the
// tables of docs/scale.md where CKPT_SCALE is set; without it they check that requests and bytes grow as they should.
package scale
