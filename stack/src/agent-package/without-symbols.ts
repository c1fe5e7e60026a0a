/**
 * Strips a 64-bit little-endian ELF program, as sstrip does: removes the symbol and section tables behind its last loaded segment, which no
 * running process reads. They are a sixth of Node's file.
 * @throws Error if `program` is not such a file
 */
export const withoutSymbols = (program: Buffer): Buffer => {
  const isElf64 = program.length > 64 && program.readUInt32BE(0) === 0x7f454c46 && program[4] === 2 && program[5] === 1;
  if (!isElf64) throw new Error('the program is no 64-bit ELF file');
  const [headers, size, count] = [
    Number(program.readBigUInt64LE(32)),
    program.readUInt16LE(54),
    program.readUInt16LE(56),
  ];
  // In a program header, p_offset is at 8 and p_filesz at 32. Segments that are not loaded (notes) are in the file, too.
  const ends = Array.from({ length: count }, (_, index) => {
    const header = headers + index * size;
    return Number(program.readBigUInt64LE(header + 8) + program.readBigUInt64LE(header + 32));
  });
  const stripped = Buffer.from(program.subarray(0, Math.max(headers + count * size, ...ends)));
  // Sets e_shoff, e_shnum and e_shstrndx to 0: no sections.
  stripped.writeBigUInt64LE(0n, 40);
  stripped.writeUInt16LE(0, 60);
  stripped.writeUInt16LE(0, 62);
  return stripped;
};
