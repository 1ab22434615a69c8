using System.Text;
using Kbus.Core;

namespace Kbus.Policy.Tests;

/// <summary>What is decided about names and wildcards, against asking each rule about each name.</summary>
public sealed class WildcardTests
{
    // Rules use the first two words. The third stands for all words that no rule uses.
    private static readonly string[] Words = ["a", "B1", "other"];
    private static readonly int Runs = int.TryParse(Environment.GetEnvironmentVariable("KBUS_TEST_RUNS"), out int runs) ? runs : 2000;

    [Fact]
    public void A_verdict_is_what_asking_each_rule_about_each_name_comes_to()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("KBUS_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        var random = new Random(seed);

        // One level deeper than any pattern, so that all kinds of names are there.
        string[] names = [.. Names(5)];
        int allowed = 0, denied = 0;
        for (int run = 0; run < Runs; run++)
        {
            NameRule[] rules = [.. Enumerable.Range(1, random.Next(0, 9)).Select(i => new NameRule(Pattern(random), new Verdict(random.Next(2) == 0, (uint)i)))];
            var decided = new NameRules(rules, (ulong)seed);
            NamePattern asked = Pattern(random);
            Verdict expected = Expected(rules, asked, names, out bool isExact);
            Verdict actual = decided.Decide(asked.Text);
            string shown = $"KBUS_TEST_SEED={seed}, run {run}: {asked} by {string.Join("; ", rules.Select(r => $"{(r.Verdict.IsAllowed ? "allow" : "deny")} {r.Pattern}"))}";
            Assert.True(expected.IsAllowed == actual.IsAllowed, shown);
            Assert.True(!isExact || expected == actual, shown);
            Assert.True(actual.IsAllowed || actual.Line == 0 || !rules[actual.Line - 1].Verdict.IsAllowed, shown);
            Assert.True(!actual.IsAllowed || rules[actual.Line - 1].Verdict.IsAllowed, shown);
            allowed += expected.IsAllowed ? 1 : 0;
            denied += expected.IsAllowed ? 0 : 1;
        }

        Assert.True(allowed > Runs / 20 && denied > Runs / 20, $"KBUS_TEST_SEED={seed}: {allowed} allowed, {denied} denied");
    }

    [Fact]
    public void One_pattern_holds_another_if_every_name_of_it_matches()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("KBUS_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        var random = new Random(seed);
        string[] names = [.. Names(5)];
        for (int run = 0; run < Runs; run++)
        {
            NamePattern outer = Pattern(random), inner = Pattern(random);
            bool expected = names.Where(n => IsMatch(inner, n)).All(n => IsMatch(outer, n));
            Assert.True(expected == NamePattern.Holds(outer.Text, inner.Text), $"KBUS_TEST_SEED={seed}, run {run}: {outer} and {inner}");
        }
    }

    [Fact]
    public void Among_ten_thousand_names_the_verdict_is_the_one_that_going_through_them_gives()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("KBUS_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        var random = new Random(seed);
        NameRule[] rules = [.. Enumerable.Range(1, 10_000).Select(i => new NameRule(LongPattern(random), new Verdict(random.Next(3) != 0, (uint)i)))];
        var decided = new NameRules(rules, (ulong)seed);
        for (int run = 0; run < Runs; run++)
        {
            NamePattern asked = LongPattern(random);
            Verdict expected = default;
            foreach (NameRule rule in rules)
            {
                bool isWhole = NamePattern.Holds(rule.Pattern.Text, asked.Text);
                if (isWhole || (!rule.Verdict.IsAllowed && NamePattern.Holds(asked.Text, rule.Pattern.Text) && IsFirst(rules, rule)))
                {
                    expected = rule.Verdict;
                    break;
                }
            }

            Assert.True(expected == decided.Decide(asked.Text), $"KBUS_TEST_SEED={seed}: {asked}");
        }
    }

    [Fact]
    public void Names_match_for_the_policy_as_they_do_for_the_bus()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("KBUS_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        var random = new Random(seed);
        string[] names = [.. Names(4)];
        for (int run = 0; run < Runs / 10; run++)
        {
            NamePattern pattern = Pattern(random);
            var bus = new Bus(new BusOptions());
            KsockState ksock = bus.Open(canWrite: true, new Deaf());
            Assert.Equal(Errno.None, bus.Bind(ksock, pattern.Text, isReplier: true));
            foreach (string name in names)
            {
                byte[] bytes = Encoding.ASCII.GetBytes(name);
                Assert.Equal(Errno.None, bus.FindReplier(bytes, isMatching: true, out uint replier));
                Assert.True(replier != 0 == NamePattern.Holds(pattern.Text, bytes), $"KBUS_TEST_SEED={seed}: {pattern} and {name}");
            }
        }
    }

    [Fact]
    public void Names_of_the_greatest_length_and_depth_are_decided()
    {
        string deep = "$" + string.Concat(Enumerable.Repeat(".a", 499)), word = "$." + new string('a', 998);
        var rules = new NameRules(
            [new NameRule(new NamePattern("$.a.a.a.*"u8), new Verdict(true, 1)), new NameRule(new NamePattern(Encoding.ASCII.GetBytes(word)), new Verdict(true, 2))], 7);
        Assert.Equal(new Verdict(true, 1), rules.Decide(Encoding.ASCII.GetBytes(deep)));
        Assert.Equal(new Verdict(true, 2), rules.Decide(Encoding.ASCII.GetBytes(word)));
        Assert.Equal(default, rules.Decide(Encoding.ASCII.GetBytes(word[..^1])));
        Assert.Equal(default, rules.Decide("$.a"u8));
    }

    private static IEnumerable<string> Names(int depth) =>
        depth == 0 ? [] : Names(depth - 1).Where(n => n.Count(c => c == '.') == depth - 1).DefaultIfEmpty("$").SelectMany(n => Words.Select(w => $"{n}.{w}"))
            .Concat(depth > 1 ? Names(depth - 1) : []);

    private static NamePattern Pattern(Random random)
    {
        var text = new StringBuilder("$");
        for (int level = random.Next(0, 4); level > 0; level--)
        {
            text.Append('.').Append(Words[random.Next(2)]);
        }

        string end = random.Next(3) switch { 0 => ".*", 1 => ".%", _ => text.Length == 1 ? ".a" : "" };
        return NamePattern.TryRead(text + end, out NamePattern pattern) ? pattern : throw new InvalidOperationException(text + end);
    }

    private static NamePattern LongPattern(Random random)
    {
        string text = "$" + string.Concat(Enumerable.Range(0, random.Next(1, 5)).Select(_ => $".w{random.Next(12)}"));
        string end = random.Next(4) switch { 0 => ".*", 1 => ".%", _ => "" };
        return NamePattern.TryRead(text + end, out NamePattern pattern) ? pattern : throw new InvalidOperationException(text + end);
    }

    /// <summary>Whether no rule before this one decides all of its names.</summary>
    private static bool IsFirst(NameRule[] rules, NameRule rule) => rules.First(r => NamePattern.Holds(r.Pattern.Text, rule.Pattern.Text)) == rule;

    private static Verdict Expected(NameRule[] rules, NamePattern asked, string[] names, out bool isExact)
    {
        Verdict[] verdicts = [.. names.Where(n => IsMatch(asked, n)).Select(n => rules.FirstOrDefault(r => IsMatch(r.Pattern, n)).Verdict)];
        isExact = !asked.IsWildcard;
        return isExact ? Assert.Single(verdicts) : new Verdict(verdicts.All(v => v.IsAllowed), 0);
    }

    /// <summary>As the specification says it: word by word.</summary>
    private static bool IsMatch(NamePattern pattern, string name)
    {
        string[] words = pattern.ToString().Split('.'), other = name.Split('.');
        return words[^1] switch
        {
            "*" => other.Length >= words.Length && other.AsSpan(0, words.Length - 1).SequenceEqual(words.AsSpan(0, words.Length - 1)),
            "%" => other.Length == words.Length && other.AsSpan(0, words.Length - 1).SequenceEqual(words.AsSpan(0, words.Length - 1)),
            _ => other.AsSpan().SequenceEqual(words),
        };
    }
}
