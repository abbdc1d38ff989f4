//! Names of nations by GB/T 3304.

/// Names of the codes 01 to 56.
const NATIONS: [&str; 56] = [
    "汉",
    "蒙古",
    "回",
    "藏",
    "维吾尔",
    "苗",
    "彝",
    "壮",
    "布依",
    "朝鲜",
    "满",
    "侗",
    "瑶",
    "白",
    "土家",
    "哈尼",
    "哈萨克",
    "傣",
    "黎",
    "傈僳",
    "佤",
    "畲",
    "高山",
    "拉祜",
    "水",
    "东乡",
    "纳西",
    "景颇",
    "柯尔克孜",
    "土",
    "达斡尔",
    "仫佬",
    "羌",
    "布朗",
    "撒拉",
    "毛南",
    "仡佬",
    "锡伯",
    "阿昌",
    "普米",
    "塔吉克",
    "怒",
    "乌孜别克",
    "俄罗斯",
    "鄂温克",
    "德昂",
    "保安",
    "裕固",
    "京",
    "塔塔尔",
    "独龙",
    "鄂伦春",
    "赫哲",
    "门巴",
    "珞巴",
    "基诺",
];

/// Name of a two-digit GB/T 3304 code as ID cards print it, without 族; `None` for codes that the
/// standard does not have (show the code itself then).
pub fn nation_name(code: &str) -> Option<&'static str> {
    match code {
        "97" => Some("其他"),
        "98" => Some("外国血统中国籍人士"),
        _ if code.len() == 2 && code.bytes().all(|digit| digit.is_ascii_digit()) => {
            let number: usize = code.parse().ok()?;
            NATIONS.get(number.checked_sub(1)?).copied()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::nation_name;

    #[test]
    fn knows_the_codes_of_the_standard_and_no_others() {
        for (code, name) in [
            ("01", "汉"),
            ("05", "维吾尔"),
            ("15", "土家"),
            ("37", "仡佬"),
            ("56", "基诺"),
            ("97", "其他"),
        ] {
            assert_eq!(nation_name(code), Some(name));
        }
        for code in ["00", "57", "96", "99", "1", "001", "+1", "", "一"] {
            assert_eq!(nation_name(code), None, "{code}");
        }
    }
}
