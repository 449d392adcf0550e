/** Styles are Vite's to bundle; to the program they are nothing. */
declare module '*.css'
