/**
 * What each exchange of errors.ndjson.gz means to us, in the file's order: status, row of
 * src/reddit/verdict.ts, and what had been asked. Looked at one by one.
 */
export const RECORDED_VERDICTS = `
400 rejected POST /api/v1/modactions/removal_comment_message
403 forbidden GET /message/messages/6i8om7/
500 unavailable DELETE /api/mod/notes
400 rejected GET /api/mod/notes/recent
400 rejected GET /api/mod/notes/recent
400 rejected GET /api/mod/notes/recent
200 login_inside POST /api/approve/
400 rejected GET /api/morechildren
400 rejected POST /api/validate_submission_field
200 errors_inside GET /api/username_available
400 rejected GET /api/v1/user/thisusershouldnotexist/trophies
403 forbidden GET /user/<USERNAME>/hidden
403 forbidden GET /user/spez/hidden
403 forbidden GET /user/<USERNAME>/saved
403 forbidden GET /user/spez/upvoted
400 rejected POST /api/reorder_subreddit_rules
400 rejected POST /api/editusertext/
200 errors_inside POST /api/site_admin/
200 errors_inside POST /api/site_admin/
404 not_found GET /r/<TEST_SUBREDDIT>/about/sticky/
400 rejected POST /api/submit/
200 errors_inside POST /api/submit_gallery_post.json
400 rejected POST /api/submit/
200 errors_inside POST /api/v1/collections/create_collection
404 not_found PUT /api/filter/user/<USERNAME>/f/redditdev/r/redditdev
403 forbidden GET /r/ferguson/hot
413 rejected POST /r/<TEST_SUBREDDIT>/api/upload_sr_img
400 rejected GET /api/v1/me/friends/fake__user_user_user
400 rejected POST /api/set_subreddit_sticky/
403 forbidden POST /r/<TEST_SUBREDDIT>/api/wiki/revert
200 errors_inside POST /api/v2/gold/gild
400 rejected POST /api/v1/gold/give/subreddit_stats/
403 forbidden GET /user/<USERNAME>/gilded/given
403 forbidden GET /user/spez/gilded/given
200 errors_inside POST /api/v2/gold/gild
400 rejected GET /api/morechildren
400 rejected POST /api/v1/gold/gild/t3_4b1tfm/
400 rejected DELETE /r/<TEST_SUBREDDIT>/api/widget/6154190-moderator
400 rejected DELETE /r/<TEST_SUBREDDIT>/api/widget/widget_rules-3nwlq
400 rejected DELETE /api/v1/<TEST_SUBREDDIT>/emoji/test_fake
403 forbidden POST /api/flair/.json
200 errors_inside POST /api/friend/.json
200 errors_inside POST /api/flair/.json
401 unauthorized GET /new/.json
200 errors_inside POST /api/register/.json
200 errors_inside POST /api/login/.json
200 errors_inside POST /r/reddit_api_test/api/delete_sr_img.json
404 not_found GET /r/reddit_api_test/about/sticky/.json
200 errors_inside GET /api/username_available/.json
200 errors_inside POST /api/compose/.json
200 rate_limited_inside POST /api/submit/.json
200 errors_inside POST /api/submit/.json
200 errors_inside POST /api/comment/.json
200 errors_inside POST /api/submit/.json
409 rejected POST /r/<TEST_SUBREDDIT>/api/wiki/edit/
401 token_refused POST /api/v1/access_token
200 errors_inside POST /live/xyu8kmjvfrww/invite_contributor
200 errors_inside POST /api/friend/
404 not_found GET /api/multi/user/PyAPITestUser2/m/praw_ovwmw47rgq/.json
404 not_found GET /api/multi/user/PyAPITestUser2/m/PRAW_lry7s4pu6g/.json
200 oauth_error POST /api/v1/access_token/
200 errors_inside GET /api/username_available/.json
401 unauthorized GET /api/v1/me
200 errors_inside POST /api/live/1595195m6j9zw/invite_contributor
400 rejected GET /api/morechildren
500 unavailable GET /api/live/by_id/invalid
400 rejected PUT /api/v1/me/friends/PyAPITestUser3
403 forbidden GET /user/<USERNAME>/downvoted
403 forbidden GET /user/spez/downvoted
403 forbidden GET /user/<USERNAME>/hidden
403 forbidden GET /user/<USERNAME>/saved
403 forbidden GET /user/spez/saved
403 forbidden GET /user/<USERNAME>/upvoted
403 forbidden GET /user/spez/upvoted
404 not_found GET /api/user_data_by_account_ids
200 errors_inside POST /api/site_admin/
200 errors_inside POST /api/submit/
200 errors_inside POST /api/submit/
403 quarantined GET /r/tiananmenaquarefalse/top
403 quarantined GET /r/tiananmenaquarefalse/new
200 errors_inside POST /r/u_Lil_SpazJoekp/api/accept_moderator_invite
200 errors_inside POST /api/v2/gold/gild
400 rejected POST /api/v1/gold/give/subreddit_stats/
503 unavailable POST /api/submit/
400 rejected GET /api/morechildren
200 errors_inside POST /api/submit/
400 rejected POST /api/v1/gold/gild/t3_hmkbt8/
400 rejected PUT /r/<TEST_SUBREDDIT>/api/widget/widget_159hqw5we3nl6
500 unavailable GET /api/live/by_id/3rgnbke2rai6hen7ciytwcxadi,LiveUpdateEvent_sw7bubeycai6hey4ciytwamw3a,t8jnufucss07
400 token_refused POST /api/v1/access_token
200 oauth_error POST /api/v1/access_token
200 oauth_error POST /api/v1/access_token
502 unavailable GET /
520 unavailable GET /
403 forbidden GET /user/spez/gilded/given
404 not_found GET /r/reddit_api_test/wiki/invalid
503 unavailable GET /
429 rate_limited GET /api/v1/me
429 rate_limited POST /api/v1/access_token
413 rejected POST /r/reddit_api_test/api/upload_sr_img
415 rejected POST /r/ttft/api/wiki/edit/
414 rejected GET /api/morechildren
403 forbidden GET /api/v1/me
401 unauthorized GET /
401 unauthorized GET /
409 rejected POST /r/ThirdRealm/api/wiki/edit
404 not_found GET /r/reddit_api_test/wiki/invalid
401 unauthorized GET /.json
`
  .trim()
  .split('\n')
  .map((line) => {
    const [status, row, method, path] = line.split(' ');
    return { status: Number(status), row: row ?? '', method: method ?? '', path: path ?? '' };
  });
