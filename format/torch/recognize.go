package torch

import (
	"bytes"
	"iter"
	"strings"
)

// headSize is how many bytes at the beginning of a file identify its format.
const headSize = 262

// magic is the number at the beginning of files of PyTorch 0.1.10 to 1.5. torch.save still writes such files on request.
const magic = "119547037146038801333356"

// Recognize reports whether a file that begins with head is a file of PyTorch's older form, or a pickle. head should have
// 262 bytes. For ZIP archives see RecognizeMembers.
func Recognize(head []byte) bool { return isLegacy(head) || isPickle(head) }

// RecognizeMembers reports whether torch.save or torch.jit.save wrote a ZIP archive with members of these names.
func RecognizeMembers(names iter.Seq[string]) bool {
	for name := range names {
		if isData(name) {
			return true
		}
	}
	return false
}

// isData reports whether a member of an archive is the pickle of the saved object.
func isData(name string) bool {
	dir, ok := strings.CutSuffix(name, "/data.pkl")
	return ok && dir != "" && !strings.Contains(dir, "/")
}

// isLegacy reports whether a file begins with the magic number, pickled by protocol 0 or 1, by protocol 2 or 3, or by a higher
// protocol in a frame.
func isLegacy(head []byte) bool {
	const inBinary = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
	if !isPickle(head) {
		return bytes.HasPrefix(head, []byte("L"+magic+"L\n."))
	}
	if head[1] >= 4 && head[2] == 0x95 && len(head) > 11 {
		head = head[9:]
	}
	return bytes.HasPrefix(head[2:], []byte(inBinary))
}

// isPickle reports whether a file begins like a pickle of protocol 2 or higher.
func isPickle(head []byte) bool {
	return len(head) > 2 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5
}

func isTar(head []byte) bool {
	return len(head) >= headSize && bytes.HasPrefix(head[257:], []byte("ustar"))
}
