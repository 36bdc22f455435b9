use super::*;

#[test]
fn what_parsers_read_differently_is_refused_before_any_of_them() {
    let deep = format!("{}{}", "<a>".repeat(41), "</a>".repeat(41));
    let attributes = (0..65).map(|at| format!(" a{at}=\"\"")).collect::<Vec<_>>().concat();
    let lolz = "<!DOCTYPE lolz [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><a>&b;</a>";
    let xxe = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><a>&x;</a>";
    for (case, text, expected) in [
        ("entity expansion", lolz, Fault::Markup),
        ("XXE", xxe, Fault::Markup),
        ("a document type of elsewhere", "<!DOCTYPE a SYSTEM \"http://x.example/a.dtd\"><a/>", Fault::Markup),
        ("in small letters", "<!doctype a><a/>", Fault::Markup),
        ("a comment", "<a>ada@x<!-- -->.evil</a>", Fault::Markup),
        ("a section", "<a><![CDATA[x]]></a>", Fault::Markup),
        ("an instruction", "<a><?php x?></a>", Fault::Instruction),
        ("a style sheet", "<?xml-stylesheet href=\"x\"?><a/>", Fault::Instruction),
        ("a second declaration", "<?xml version=\"1.0\"?><?xml version=\"1.0\"?><a/>", Fault::Instruction),
        ("another encoding", "<?xml version=\"1.0\" encoding=\"UTF-7\"?><a/>", Fault::NotUtf8),
        ("depth", &deep, Fault::TooDeep),
        ("attributes", &format!("<a{attributes}/>"), Fault::TooMany),
        ("elements", &format!("<a>{}</a>", "<b/>".repeat(10_001)), Fault::TooMany),
        ("one ID twice", "<a ID=\"_1\"><b ID=\"_1\"/></a>", Fault::DuplicateId),
        ("spelled otherwise", "<a ID=\"_1\"><b Id=\"_1\"/></a>", Fault::DuplicateId),
        ("in another namespace", "<a ID=\"_1\" xmlns:x=\"urn:x\"><b x:id=\"_1\"/></a>", Fault::DuplicateId),
        ("an ID of XML itself", "<a xml:id=\"_2\"/>", Fault::DuplicateId),
    ] {
        assert_eq!(Xml::message(text.as_bytes()), Err(expected), "{case}");
    }
    for (case, text) in [
        ("an entity of nowhere", "<a>&x;</a>"),
        ("cut", "<a><b></a>"),
        ("two roots", "<a/><b/>"),
        ("an attribute twice", "<a b=\"\" b=\"\"/>"),
        ("a prefix of nowhere", "<x:a/>"),
        ("a tag without an end", "<a b=\">\""),
        ("a zero", "<a>&#0;</a>"),
        ("a zero byte", "<a>\0</a>"),
        ("nothing", ""),
    ] {
        let refused = Xml::message(text.as_bytes());
        assert!(matches!(refused, Err(Fault::Malformed(_))), "{case}: {refused:?}");
    }
    let large = format!("<a>{}</a>", "x".repeat(LARGEST_MESSAGE));
    assert_eq!(Xml::message(large.as_bytes()), Err(Fault::TooLarge(LARGEST_MESSAGE)));
    assert_eq!(Xml::message(&[b'<', b'a', 0xff, b'/', b'>']), Err(Fault::NotUtf8));
    let utf16: Vec<u8> = "<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(Xml::message(&utf16).is_err());
}

#[test]
fn what_is_harmless_is_read() {
    for text in [
        "<?xml version='1.0' encoding='utf-8' standalone=\"no\"?>\n<a/>",
        "\u{feff}<a/>",
        "<a b=\"x > y\">&lt;&amp;&#65;</a>",
        "<a xmlns='urn:a'><b ID='_1'/><b ID='_2'/></a>",
    ] {
        assert!(Xml::message(text.as_bytes()).is_ok(), "{text}");
    }
    let metadata = Xml::metadata(b"<!-- <!DOCTYPE x> --><a>b<!-- - -->c</a>").expect("people write comments there");
    assert_eq!(metadata.tree().root().text().as_deref(), Ok("bc"), "and they do not cut what they stand in");
}

#[test]
fn elements_are_there_as_often_as_they_may_be() {
    let xml = Xml::message(b"<a xmlns='urn:a' x='1'><b>t</b><c/><c/><d><e/></d></a>").expect("XML");
    let tree = xml.tree();
    let root = tree.root();
    assert_eq!(root.only("urn:a", "b").and_then(Element::text).as_deref(), Ok("t"));
    assert_eq!(root.only("urn:a", "c").err(), Some(Unexpected::Repeated("c")));
    assert_eq!(root.only("urn:a", "x").err(), Some(Unexpected::Missing("x")));
    assert_eq!(root.only("urn:b", "b").err(), Some(Unexpected::Missing("b")));
    assert_eq!(root.only("urn:a", "d").and_then(Element::text).err(), Some(Unexpected::NotText("d".to_owned())));
    assert_eq!((root.attribute("x"), root.attribute("y")), (Some("1"), None));
}

#[test]
fn what_is_written_is_read_as_it_was() {
    let text = "</a>\"'&<x y=\"\t\n\r1\">\u{1}ø";
    let written = format!("<a b=\"{0}\">{0}</a>", escaped(text));
    let xml = Xml::message(written.as_bytes()).expect("XML");
    let expected = text.replace('\u{1}', "\u{fffd}");
    assert_eq!(xml.tree().root().attribute("b"), Some(expected.as_str()));
    assert_eq!(xml.tree().root().text().as_deref(), Ok(expected.as_str()));
}

#[test]
fn instants_are_read_as_identity_providers_write_them() {
    let expected = instant("2026-11-24T10:00:00Z");
    assert!(expected.is_some());
    for text in
        ["2026-11-24T10:00:00.000Z", "2026-11-24T10:00:00.0000000Z", "2026-11-24T11:00:00+01:00", "2026-11-24T10:00:00"]
    {
        assert_eq!(instant(text), expected, "{text}");
    }
    for text in ["", "2026-11-24", "10:00:00Z", "2026-11-24T25:00:00Z", "tomorrow", "ååååååååååååååååååååååååå"]
    {
        assert_eq!(instant(text), None, "{text}");
    }
}
