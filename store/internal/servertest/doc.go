// Package servertest has what the tests of several stores share: the servers' addresses ([Address]), every verb of package ckpt ([Verbs]), saves of
// several workers with processes that are killed at random moments ([Killed]) or with calls that fail ([EveryCallFails], [VerbsAgain]), connections
// that lose answers ([LostAnswers], [BrokenReads]), objects that are sent in parts ([Uploads]), and the time that many processes take
// ([Processes]).
package servertest
