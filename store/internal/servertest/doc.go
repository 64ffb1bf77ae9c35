// Package servertest provides tests that several stores share. They cover every verb of package ckpt ([Verbs]), saves by several workers with
// processes that are killed at random moments ([Killed]) or with calls that fail ([EveryCallFails], [VerbsAgain]), connections that lose answers
// ([LostAnswers], [BrokenReads]) and objects that are sent in parts ([Uploads]). [Processes] measures the time that many processes take, and
// [Address] returns the servers' addresses.
package servertest
