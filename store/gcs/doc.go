// Package gcs keeps checkpoints in Google Cloud Storage. It is a separate module, so that programs that do not use it do not
// depend on its client, cloud.google.com/go/storage.
//
//	s, err := gcs.Open(ctx, "gs://bucket/runs")
//	…
//	path, err := c.Save(ctx, "mnist/ckpt", ckpt.In(s))
//
// # Requests
//
// A write is a resumable upload in chunks of 16 MiB, and needs as much memory in addition to the values. The contents'
// CRC-32C is sent along and the server compares it. A read is a ranged request for the generation it expects. A read that
// breaks off is resumed. The client repeats requests after transient errors, with growing pauses.
//
// # Conditions
//
// A version is an object's generation. PutIfAbsent and Replace are uploads with the precondition ifGenerationMatch. The
// server may refuse a request that was sent again because its first answer was lost. Therefore every conditional write carries a
// nonce in the object's metadata, and after a refusal the package compares the object's nonce with its own.
package gcs
