package pickle

// The instructions, with their names in Lib/pickletools.py.
const (
	// Protocol 0.
	opMark    = '('
	opStop    = '.'
	opPop     = '0'
	opDup     = '2'
	opFloat   = 'F'
	opInt     = 'I'
	opLong    = 'L'
	opNone    = 'N'
	opPersID  = 'P'
	opReduce  = 'R'
	opString  = 'S'
	opUnicode = 'V'
	opAppend  = 'a'
	opBuild   = 'b'
	opGlobal  = 'c'
	opDict    = 'd'
	opGet     = 'g'
	opInst    = 'i'
	opList    = 'l'
	opPut     = 'p'
	opSetItem = 's'
	opTuple   = 't'

	// Protocol 1.
	opPopMark        = '1'
	opBinFloat       = 'G'
	opBinInt         = 'J'
	opBinInt1        = 'K'
	opBinInt2        = 'M'
	opBinPersID      = 'Q'
	opBinString      = 'T'
	opShortBinString = 'U'
	opBinUnicode     = 'X'
	opEmptyList      = ']'
	opAppends        = 'e'
	opBinGet         = 'h'
	opLongBinGet     = 'j'
	opObj            = 'o'
	opBinPut         = 'q'
	opLongBinPut     = 'r'
	opEmptyTuple     = ')'
	opSetItems       = 'u'
	opEmptyDict      = '}'

	// Protocol 2.
	opProto    = 0x80
	opNewObj   = 0x81
	opExt1     = 0x82
	opExt2     = 0x83
	opExt4     = 0x84
	opTuple1   = 0x85
	opTuple2   = 0x86
	opTuple3   = 0x87
	opNewTrue  = 0x88
	opNewFalse = 0x89
	opLong1    = 0x8a
	opLong4    = 0x8b

	// Protocol 3.
	opBinBytes      = 'B'
	opShortBinBytes = 'C'

	// Protocol 4.
	opShortBinUnicode = 0x8c
	opBinUnicode8     = 0x8d
	opBinBytes8       = 0x8e
	opEmptySet        = 0x8f
	opAddItems        = 0x90
	opFrozenSet       = 0x91
	opNewObjEx        = 0x92
	opStackGlobal     = 0x93
	opMemoize         = 0x94
	opFrame           = 0x95

	// Protocol 5.
	opByteArray8     = 0x96
	opNextBuffer     = 0x97
	opReadOnlyBuffer = 0x98
)

// lastProtocol is the newest supported protocol.
const lastProtocol = 5
