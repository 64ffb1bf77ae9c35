// Package properties holds its tests only. They draw programs, checkpoints and damage at random, and compare what package ckpt does
// with a model of it that is too slow and too simple to be wrong.
package properties
