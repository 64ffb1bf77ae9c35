package pickle

// carryOut carries out any instruction except STOP.
func (d *Decoder) carryOut(op byte) error {
	switch op {
	case opNone:
		d.push(nil)
	case opNewTrue, opNewFalse:
		d.push(op == opNewTrue)
	case opBinInt, opBinInt1, opBinInt2, opBinFloat:
		return d.fixedNumber(op)
	case opInt, opLong, opFloat, opString, opUnicode:
		return d.text(op)
	case opLong1, opLong4:
		return d.long(op)
	case opBinString, opShortBinString, opBinUnicode, opShortBinUnicode, opBinUnicode8,
		opBinBytes, opShortBinBytes, opBinBytes8, opByteArray8:
		return d.counted(op)

	case opMark:
		d.marks = append(d.marks, len(d.stack))
	case opPop, opPopMark, opDup:
		return d.shuffle(op)
	case opEmptyTuple:
		d.push(Tuple(nil))
	case opEmptyList:
		d.push(new(List))
	case opEmptyDict:
		d.push(new(Dict))
	case opEmptySet:
		d.push(new(Set))
	case opTuple, opTuple1, opTuple2, opTuple3, opList, opFrozenSet, opDict:
		return d.collect(op)
	case opAppend, opAppends, opAddItems:
		return d.add(op)
	case opSetItem, opSetItems:
		return d.set(op)

	case opGet, opBinGet, opLongBinGet:
		return d.get(op)
	case opPut, opBinPut, opLongBinPut, opMemoize:
		return d.put(op)

	case opGlobal, opStackGlobal:
		return d.global(op)
	case opReduce, opInst, opObj:
		return d.call(op)
	case opNewObj, opNewObjEx:
		return d.instance(op)
	case opBuild:
		return d.build()
	case opPersID, opBinPersID:
		return d.persistent(op)

	case opProto:
		return d.proto()
	case opFrame:
		return d.frame()
	case opExt1, opExt2, opExt4:
		return d.unsupported("it refers to Python's extension registry, which is not in the file")
	case opNextBuffer, opReadOnlyBuffer:
		return d.unsupported("it refers to buffers outside of the file")
	default:
		return d.corrupt("there is no instruction %#x", op)
	}
	return nil
}
