// Sends the one form of a page that only passes parameters on (OAuth 2.0 Form Post Response Mode).
document.forms[0].submit();
