import{a,b}from"./chunk-6BFBB2GE.js";import"./chunk-RYS52GPQ.js";import"./chunk-WOT6VMZA.js";export{a as LanguageLinks,b as SignInPage};
