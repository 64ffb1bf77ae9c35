// Package gcs keeps checkpoints in Google Cloud Storage. It is a module by itself, so that programs which do not use it do not depend
// on its client, cloud.google.com/go/storage.
//
//	s, err := gcs.Open(ctx, "gs://bucket/runs")
//	…
//	path, err := c.Save(ctx, "mnist/ckpt", ckpt.In(s))
//
// # Requests
//
// A write is a resumable upload in chunks of 16 MiB, which is how much memory it takes beside the values; the client sends the contents' CRC-32C
// and the server compares it. A read is a ranged request for the generation it expects, resumed where it breaks off. The client
// repeats what failed for a passing reason, with growing pauses.
//
// # Conditions
//
// A version is an object's generation. PutIfAbsent and Replace are uploads with the precondition ifGenerationMatch. A refusal may be the
// answer to our own request, sent again after its first answer was lost: every conditional write carries a nonce in the object's metadata, and a
// refusal is compared with it before it is believed.
package gcs
