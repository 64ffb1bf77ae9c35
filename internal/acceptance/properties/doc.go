// Package properties holds only tests. They generate programs, checkpoints and damage at random, and compare package ckpt with a
// model of it that is slow and simple enough to be right.
package properties
