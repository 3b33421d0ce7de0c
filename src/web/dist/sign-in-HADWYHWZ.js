import{a,b}from"./chunk-2MRUXZIY.js";import"./chunk-VH7RM6FF.js";import"./chunk-WOT6VMZA.js";export{a as LanguageLinks,b as SignInPage};
