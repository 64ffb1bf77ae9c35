// Package s3 keeps checkpoints in S3 and what speaks its protocol: MinIO, R2, Ceph, versitygw. It is a module by itself, so that
// programs which do not use it do not depend on its client, github.com/minio/minio-go.
//
//	s, err := s3.Open(ctx, "s3://bucket/runs?region=eu-central-1")
//	…
//	path, err := c.Save(ctx, "mnist/ckpt", ckpt.In(s))
//
// # Requests
//
// Objects of up to 16 MiB are one PUT, larger ones and those of unknown size a multipart upload of parts of at least that size, four at a
// time: that is how much memory a write takes beside the values. Every PUT and every part is sent with its CRC-32C, which the
// server compares. A read is a ranged GET that names the version it expects; one that breaks off is resumed. The client repeats what
// failed for a passing reason, with growing pauses.
//
// # Conditions
//
// A version is an ETag. PutIfAbsent sends If-None-Match: *, and Replace If-Match; of a multipart upload these go with its completion. A refusal may be the answer to
// our own request, sent again after its first answer was lost: every conditional write carries a nonce in the object's
// metadata, and a refusal is compared with it before it is believed. Servers that take the
// conditions and ignore them are found out before the first write.
package s3
