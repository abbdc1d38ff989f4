//! Single characters with their readings, from the `pinyin` crate: the rare ones that names are
//! made of, and all there is without a dictionary.

use std::borrow::Cow;
use std::collections::HashMap;

use pinyin::ToPinyinMulti;

use crate::reading::canonical;

/// 通用规范汉字表, the national list of 2013. A line each: common characters, less common ones, and
/// those of names, places and trades.
const STANDARD: &str = include_str!("standard.txt");

/// What a character of each line weighs at least. Characters outside the list are mostly traditional
/// or dialect: nine of ten weigh less than this in the dictionary.
const STANDARD_WEIGHTS: [u32; 3] = [60, 40, 30];

/// What a syllable alone at the beginning of a sentence is: a frequent surname, where the likeliest
/// character of common text is another one.
pub(crate) const SURNAMES: &str = "\
    wang王 li李 yang杨 zhao赵 wu吴 xu徐 ma马 zhu朱 guo郭 he何 zheng郑 liang梁 xie谢 song宋 tang唐 \
    han韩 deng邓 feng冯 cao曹 peng彭 xiao肖 tian田 dong董 pan潘 yuan袁 cai蔡 jiang蒋 yu于 du杜 ye叶 \
    cheng程 wei魏 su苏 lv吕 ding丁 ren任 lu卢 yao姚 shen沈 zhong钟 cui崔 tan谭 fan范 liao廖 shi石 \
    jin金 jia贾 xia夏 fu付 fang方 zou邹 meng孟 qin秦 qiu邱 hou侯 yin尹 xue薛 yan闫 lei雷 tao陶 hao郝 \
    gu顾 gong龚 shao邵 wan万 dai戴 kong孔 xiang向 chang常";

/// The same for a syllable alone after two others, where addresses and employers have these.
pub(crate) const PLACES: &str = "\
    sheng省 shi市 xian县 qu区 zhou州 zhen镇 xiang乡 tun屯 jie街 dao道 hao号 dong栋 zhuang庄 ceng层 \
    zuo座 yuan院 ju局 ting厅 dian店 chang厂 bu部 xiao校 guan馆 he河 hu户 wan湾 gang港 fang坊 cheng城 \
    zhai寨 po坡 gou沟 ling岭 nan南 bei北 xi西";

/// The least weights of the characters in the national list.
pub(crate) fn standard() -> HashMap<char, u32> {
    let lines = STANDARD.lines().zip(STANDARD_WEIGHTS);
    lines
        .flat_map(|(line, weight)| line.chars().map(move |character| (character, weight)))
        .collect()
}

/// The syllables and characters of [`SURNAMES`] or [`PLACES`].
pub(crate) fn alone(list: &str) -> impl Iterator<Item = (&str, char)> {
    list.split_whitespace().filter_map(|entry| {
        let character = entry.chars().next_back()?;
        Some((entry.trim_end_matches(character), character))
    })
}

/// Every character with its readings, the most usual reading first; the rarer characters last.
pub(crate) fn readings() -> impl Iterator<Item = (char, Vec<Cow<'static, str>>)> {
    // The old block, then the extensions; a block's gaps have no readings.
    let blocks = [
        '〇'..='〇',
        '\u{4e00}'..='\u{9fff}',
        '\u{3400}'..='\u{4dbf}',
        '\u{20000}'..='\u{323af}',
    ];
    blocks.into_iter().flatten().filter_map(|character| {
        let readings = character.to_pinyin_multi()?.into_iter();
        // Some interjections are spelled with a letter that no keyboard has (ê).
        let readings: Vec<_> = readings.filter_map(|r| canonical(r.plain())).collect();
        (!readings.is_empty()).then_some((character, readings))
    })
}
