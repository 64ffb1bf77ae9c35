package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A tokenizer splits text into BERT's word pieces. It makes text lower-case, removes accents, and splits words into the longest pieces of a
// vocabulary.
type tokenizer struct {
	ids                 map[string]int
	start, end, unknown int
}

// maxWord is the number of characters above which a word counts as unknown, as in BERT.
const maxWord = 100

// readVocabulary reads a vocabulary with one piece per line. A piece's number is its line number, from 0.
func readVocabulary(path string) (*tokenizer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t := &tokenizer{ids: make(map[string]int)}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		t.ids[lines.Text()] = len(t.ids)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for name, id := range map[string]*int{"[CLS]": &t.start, "[SEP]": &t.end, "[UNK]": &t.unknown} {
		var ok bool
		if *id, ok = t.ids[name]; !ok {
			return nil, fmt.Errorf("%s: the vocabulary lacks %s", path, name)
		}
	}
	return t, nil
}

// encode returns the numbers of a text's pieces, between [CLS] and [SEP], at most limit in total.
func (t *tokenizer) encode(text string, limit int) []int {
	ids := []int{t.start}
	for _, word := range words(text) {
		ids = append(ids, t.pieces(word)...)
	}
	if len(ids) > limit-1 {
		ids = ids[:limit-1]
	}
	return append(ids, t.end)
}

// pieces splits a word into the longest pieces of the vocabulary, from left to right. A piece within a word begins with ##.
func (t *tokenizer) pieces(word string) []int {
	runes := []rune(word)
	if len(runes) > maxWord {
		return []int{t.unknown}
	}
	var ids []int
	for start := 0; start < len(runes); {
		end := len(runes)
		id, found := 0, false
		for ; end > start && !found; end-- {
			piece := string(runes[start:end])
			if start > 0 {
				piece = "##" + piece
			}
			id, found = t.ids[piece]
		}
		if !found {
			return []int{t.unknown} // BERT makes the whole word unknown
		}
		ids = append(ids, id)
		start = end + 1
	}
	return ids
}

// words normalizes a text as BERT does and splits it at spaces and around punctuation and Chinese characters.
func words(text string) []string {
	var spaced strings.Builder
	for _, r := range text {
		switch {
		case r == 0 || r == unicode.ReplacementChar || control(r):
		case unicode.IsSpace(r):
			spaced.WriteByte(' ')
		case chinese(r):
			spaced.WriteString(" " + string(r) + " ")
		default:
			spaced.WriteRune(r)
		}
	}
	var cut strings.Builder
	for _, r := range strings.ToLower(withoutAccents(spaced.String())) {
		if punctuation(r) {
			cut.WriteString(" " + string(r) + " ")
		} else {
			cut.WriteRune(r)
		}
	}
	return strings.Fields(cut.String())
}

func withoutAccents(text string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(text) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func control(r rune) bool {
	return r != '\t' && r != '\n' && r != '\r' && unicode.Is(unicode.C, r)
}

// punctuation reports whether r is punctuation. As in BERT, that includes all symbols of ASCII.
func punctuation(r rune) bool {
	return r < 128 && r > ' ' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != 127 || unicode.IsPunct(r)
}

// chinese reports whether BERT treats r as a separate word: CJK ideographs, but not Kana or Hangul.
func chinese(r rune) bool {
	for _, block := range [][2]rune{
		{0x4E00, 0x9FFF}, {0x3400, 0x4DBF}, {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B820, 0x2CEAF},
		{0xF900, 0xFAFF}, {0x2F800, 0x2FA1F},
	} {
		if r >= block[0] && r <= block[1] {
			return true
		}
	}
	return false
}
