/** Bytes of the reason that somebody gives for an act. */
export const reasonBytesMax = 1_024
/** What a record says of its `textLength`, where the text says why. */
export const reasonLength = 'bytes used of the text that follows and says why, which is padded to a multiple of 8'
